import { beforeEach, describe, expect, test, vi } from "vitest";
import { Tokens } from "../../../../src/opencode/requests/tokens.js";

const ORIGIN = "https://llm.example";

/** A command whose answers come when they are told to. */
class Asked {
  readonly calls: {
    args: readonly string[];
    settle: (token: string) => void;
    fail: (error: Error) => void;
  }[] = [];
  #running: Promise<string> | undefined;

  start = (args: readonly string[]): Promise<string> => {
    this.#running ??= new Promise<string>((resolve, reject) => {
      const answered = (access_token: string) => resolve(JSON.stringify({ access_token }));
      this.calls.push({ args, settle: answered, fail: reject });
    }).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  };
  share = (args: readonly string[]): Promise<string> => this.start(args);
}

describe("a token asked for ahead", () => {
  let asked: Asked;
  let tokens: Tokens;
  let time: number;
  beforeEach(() => {
    asked = new Asked();
    time = 0;
    tokens = new Tokens(asked, () => time);
  });

  const ready = async (token: string, origin = ORIGIN) => {
    tokens.prepare("acme", origin);
    asked.calls.at(-1)?.settle(token);
    await vi.waitUntil(() => new Promise((resolve) => setTimeout(() => resolve(true))));
  };
  /** The token of the next request, by a call that answers at once where one is made. */
  const take = (token: string, profile = "acme", origin = ORIGIN) => {
    const before = asked.calls.length;
    const taken = tokens.take(profile, origin);
    if (asked.calls.length > before) asked.calls.at(-1)?.settle(token);
    return taken;
  };

  /** Of two announcements, of which the first stands at 0, the second is one process more from this time on. */
  const expectAskedAnewFrom = (moment: number) => {
    time = moment - 1;
    tokens.prepare("acme", ORIGIN);
    expect(asked.calls).toHaveLength(1);
    time = moment;
    tokens.prepare("acme", ORIGIN);
    expect(asked.calls).toHaveLength(2);
  };

  test("is there when the request is", async () => {
    await ready("ahead");
    expect(await take("anew")).toBe("ahead");
    expect(asked.calls).toHaveLength(1);
    expect(asked.calls[0]?.args.slice(0, 3)).toEqual(["get", "--profile", "acme"]);
  });

  test("that is still on its way is waited for, and not asked for twice", async () => {
    tokens.prepare("acme", ORIGIN);
    const taken = tokens.take("acme", ORIGIN);
    asked.calls[0]?.settle("ahead");
    expect(await taken).toBe("ahead");
    expect(asked.calls).toHaveLength(1);
  });

  test("is used until it is three seconds old", async () => {
    await ready("ahead");
    time = 2999;
    expect(await take("anew")).toBe("ahead");
    time = 6000;
    await ready("again");
    time += 3000;
    expect(await take("anew")).toBe("anew");
  });

  test("serves the title and the message within a second of each other, and nothing later", async () => {
    await ready("ahead");
    time = 100;
    expect(await take("anew")).toBe("ahead");
    time = 1099;
    expect(await take("anew")).toBe("ahead");
    time = 1100;
    expect(await take("anew")).toBe("anew");
  });

  test("is asked for once when it is announced twice, as a message and then as its request", async () => {
    await ready("ahead");
    // As far apart as these are on a busy machine, which another process would make busier.
    expectAskedAnewFrom(1500);
  });

  test("is asked for anew for the step that follows its use", async () => {
    await ready("ahead");
    await take("anew");
    expectAskedAnewFrom(500);
  });

  test("is for its own profile and origin only", async () => {
    await ready("ahead");
    expect(await take("other origin", "acme", "https://other.example")).toBe("other origin");
    expect(await take("other profile", "second")).toBe("other profile");
  });

  test("that could not be had is asked for again, and says nothing of its own", async () => {
    tokens.prepare("acme", ORIGIN);
    asked.calls[0]?.fail(new Error("no network"));
    await new Promise((resolve) => setTimeout(resolve));
    expect(await take("anew")).toBe("anew");
  });

  test("is forgotten as soon as a server refuses it", async () => {
    await ready("ahead");
    const replaced = tokens.replace("acme", ORIGIN, "abc");
    expect(asked.calls.at(-1)?.args.slice(-2)).toEqual(["--rejected-sha256", "abc"]);
    asked.calls.at(-1)?.settle("renewed");
    expect(await replaced).toBe("renewed");
    expect(await take("anew")).toBe("anew");
  });

  test("stays in memory for three seconds at most, and for one once it is used", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    tokens.prepare("acme", ORIGIN);
    asked.calls[0]?.settle("ahead");
    await Promise.resolve();
    vi.advanceTimersByTime(3000);
    vi.useRealTimers();
    expect(await take("anew")).toBe("anew");
  });
});
