import { Readable } from "node:stream";
import kleur from "kleur";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { login } from "../../../src/commands/login.js";
import { logout } from "../../../src/commands/logout.js";
import { refresh } from "../../../src/commands/refresh.js";
import { status } from "../../../src/commands/status.js";
import { clientAccountOf } from "../../../src/config/identity.js";
import { OidcTokenError } from "../../../src/errors.js";
import type { TokenSet } from "../../../src/token/token-set.js";
import { InMemory, selectedProfile } from "../../support/in-memory.js";

const CANARY = "canary-7c1f-secret";

let place: InMemory;
beforeEach(() => {
  place = new InMemory();
  place.configure({
    default_profile: "okta",
    profiles: {
      okta: { issuer: "https://idp.example.com", client_id: "cli", flow: "device_code" },
      bot: {
        issuer: "https://idp.example.com",
        client_id: "bot",
        client_secret: "{keyring}",
        flow: "client_credentials",
      },
      ci: { flow: "static_key", key: "{env:LLM_API_KEY}" },
      typed: { flow: "static_key", key: "{keyring}" },
    },
  });
});
afterEach(() => place.dispose());

const keep = (tokens: Partial<TokenSet> = {}, profile = "okta") =>
  place.keep(selectedProfile(place.context(), { profile }).account, tokens);
/** The clock is set back by a minute at every pause, so that by it no wait would ever end. */
const clockSetBack = () => {
  const context = place.context();
  let pauses = 0;
  const sleep = async (ms: number) => {
    await context.sleep(ms);
    place.time -= 60;
    pauses += 1;
    if (pauses > 10_000) throw new Error("this wait has no end");
  };
  return { ...context, sleep };
};
const refused = (message: string) => new OidcTokenError("refused", message, "ask the provider");

describe("login", () => {
  const run = (options: Partial<Parameters<typeof login>[1]> = {}) =>
    login(place.context(), { browser: true, ...options });

  it("signs in, keeps the tokens and says where, with nothing on stdout", async () => {
    place.grants = { signIn: async () => place.issued({ refresh_token: CANARY }) };
    await run();
    expect(place.tokens).toMatchObject({ refresh_token: CANARY });
    expect(place.stdout).toBe("");
    expect(place.stderr).toBe("oidc-token: signed in to okta, kept in the file store\n");
  });

  it("--json prints one event a line", async () => {
    place.grants = {
      signIn: async ({ display }) => {
        const device = { verification_uri: "https://idp.example.com/d", user_code: "AB-CD", expires_in: 300 };
        display.device(device);
        return place.issued();
      },
    };
    await run({ json: true });
    const events = place.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events).toEqual([
      {
        event: "device_code",
        verification_uri: "https://idp.example.com/d",
        user_code: "AB-CD",
        expires_in: 300,
      },
      { event: "done", profile: "okta", store: "file", expires_at: place.time + 3600 },
    ]);
  });

  it("--json prints why it failed, too, and leaves what was stored", async () => {
    const before = keep();
    place.grants = { signIn: () => Promise.reject(refused("consent was denied")) };
    await expect(run({ json: true })).rejects.toMatchObject({ kind: "refused" });
    expect(JSON.parse(place.stdout)).toEqual({
      event: "error",
      code: 7,
      message: "consent was denied",
      hint: "ask the provider",
    });
    expect(place.tokens).toEqual(before);
    expect(place.locked.size).toBe(0);
  });

  it("takes what another sign-in has brought that was under way", async () => {
    const { account } = selectedProfile(place.context(), {});
    place.locked.add(`${account}.sign-in`);
    const context = place.context();
    const { sleep } = context;
    const brought = {
      ...context,
      sleep: async (ms: number) => {
        await sleep(ms);
        keep();
      },
    };
    await login(brought, { browser: true });
    expect(place.asked).toEqual([]);
    expect(place.stderr).toContain("another sign-in for this profile is under way, waiting for it");
    expect(place.stderr).toContain("signed in to okta");
  });

  it("takes it although the clock is set back by an hour meanwhile", async () => {
    keep({ access_token: "the-old-one" });
    const { account } = selectedProfile(place.context(), {});
    place.locked.add(`${account}.sign-in`);
    const context = place.context();
    const sleep = async (ms: number) => {
      await context.sleep(ms);
      place.time -= 3600;
      if (place.time < -1e9) throw new Error("this wait has no end");
      keep();
    };
    await login({ ...context, sleep }, { browser: true });
    expect(place.asked).toEqual([]);
  });

  it("waits for another sign-in no longer than --timeout, whatever is done to the clock", async () => {
    const { account } = selectedProfile(place.context(), {});
    place.locked.add(`${account}.sign-in`);
    await expect(login(clockSetBack(), { browser: true, timeout: "8" })).rejects.toMatchObject({
      kind: "temporary",
      message: 'another sign-in for profile "okta" has been under way for 8 s',
    });
  });

  it("goes by device code where no browser can be started and the profile has that flow", async () => {
    const flow = ["authorization_code", "device_code"];
    place.configure({ profiles: { okta: { issuer: "https://idp.example.com", client_id: "cli", flow } } });
    place.env.DISPLAY = ":0";
    const flows: string[] = [];
    place.grants = {
      signIn: async (request) => {
        flows.push(request.flow);
        if (request.flow === "device_code") return place.issued();
        expect(request.needs_browser).toBe(true);
        const error = new OidcTokenError("temporary", "no browser could be started", "use another flow");
        throw Object.assign(error, { about: "browser" as const });
      },
    };
    await run();
    expect(flows).toEqual(flow);
    expect(place.stderr).toContain("no browser could be started, so this goes by device code\n");
  });

  it("has a token issued at once for a profile that needs no person", async () => {
    place.input = `${CANARY}\n`;
    place.grants = { issue: async () => place.issued() };
    await run({ profile: "bot" });
    expect(place.asked).toEqual(["issue"]);
    expect([...place.stored.values()]).toContain(CANARY);
    expect(place.stderr).not.toContain(CANARY);
  });

  describe("of a client with a secret", () => {
    const secretOf = () => {
      const account = clientAccountOf(selectedProfile(place.context(), { profile: "bot" }));
      return place.stored.get(`${account}.client_secret`);
    };
    const invalid = () =>
      Object.assign(new OidcTokenError("refused", "the provider does not accept client bot", "ask"), {
        about: "client" as const,
      });

    it("does not keep a secret that the provider refuses", async () => {
      place.input = `${CANARY}\n`;
      place.grants = { issue: () => Promise.reject(invalid()) };
      await expect(run({ profile: "bot" })).rejects.toMatchObject({ kind: "refused" });
      expect(place.stored.size).toBe(0);
    });

    it("takes a new one from a pipe once the kept one is refused", async () => {
      place.input = "the-old-secret\n";
      place.grants = { issue: async () => place.issued() };
      await run({ profile: "bot" });
      expect(secretOf()).toBe("the-old-secret");
      let tries = 0;
      place.grants = {
        issue: async () => {
          tries += 1;
          if (tries === 1) throw invalid();
          return place.issued();
        },
      };
      place.input = `${CANARY}\n`;
      await run({ profile: "bot" });
      expect(secretOf()).toBe(CANARY);
    });

    it("keeps the kept one where it is refused and nobody gives another", async () => {
      place.input = `${CANARY}\n`;
      place.grants = { issue: async () => place.issued() };
      await run({ profile: "bot" });
      place.input = "";
      place.grants = { issue: () => Promise.reject(invalid()) };
      await expect(run({ profile: "bot" })).rejects.toMatchObject({ kind: "refused" });
      expect(secretOf()).toBe(CANARY);
    });

    it("--new-secret takes another one although the kept one would do", async () => {
      place.grants = { issue: async () => place.issued() };
      place.input = "the-old-secret\n";
      await run({ profile: "bot" });
      place.input = `${CANARY}\n`;
      await run({ profile: "bot", newSecret: true });
      expect(secretOf()).toBe(CANARY);
    });

    it("finds one under its former name, by profile, and moves it", async () => {
      const { account } = selectedProfile(place.context(), { profile: "bot" });
      place.stored.set(`${account}.client_secret`, CANARY);
      place.grants = { issue: async () => place.issued() };
      await run({ profile: "bot" });
      expect(secretOf()).toBe(CANARY);
      expect(place.stored.has(`${account}.client_secret`)).toBe(false);
    });
  });

  it.each([
    ["usage for a flow that the profile does not use", { flow: "authorization_code" }, "usage"],
    ["usage for a flow that is none", { flow: "password" }, "usage"],
    ["usage for a time that is none", { timeout: "soon" }, "usage"],
    ["usage for a static key that is read from elsewhere", { profile: "ci" }, "usage"],
    ["configuration for a profile that is none", { profile: "x" }, "configuration"],
  ])("fails with %s", async (_what, options, kind) => {
    await expect(run(options)).rejects.toMatchObject({ kind });
    expect(place.asked).toEqual([]);
  });

  describe("of a static key from a pipe", () => {
    it.each([
      ["as it is", CANARY],
      ["without the line break at its end", `${CANARY}\n`],
      ["without what an editor on Windows adds", ` ${CANARY}\r\n`],
    ])("keeps it %s", async (_what, input) => {
      place.input = input;
      await run({ profile: "typed" });
      expect(place.tokens).toMatchObject({ access_token: CANARY });
      expect(place.stdout + place.stderr).not.toContain(CANARY);
    });

    it.each([
      ["nothing", ""],
      ["blanks", " \n\n"],
      ["two lines", `${CANARY}\nsecond`],
      ["a blank inside", `${CANARY} x`],
      ["a letter no header can carry", `${CANARY}ü`],
      ["a byte of zero", `${CANARY}\0x`],
      ["more than any key is long", "x".repeat(70_000)],
    ])("refuses %s without showing it", async (_what, input) => {
      place.input = input;
      await expect(run({ profile: "typed" })).rejects.toMatchObject({
        kind: "usage",
        message: expect.not.stringContaining(CANARY),
      });
      expect(place.stored.size).toBe(0);
    });

    it("that never ends is ended by an interruption", async () => {
      const context = place.context();
      const never = Object.assign(new Readable({ read() {} }), { isTTY: false });
      const waiting = login(
        { ...context, stdin: never as unknown as NodeJS.ReadStream },
        {
          browser: true,
          profile: "typed",
        },
      );
      setTimeout(() => place.interruption.abort(), 20);
      await expect(waiting).rejects.toThrow();
      expect(place.stored.size).toBe(0);
    });
  });
});

describe("refresh", () => {
  it("refreshes a token that is as good as new, and shows no secret", async () => {
    keep();
    place.refreshesTo(() => place.issued({ access_token: CANARY }));
    await refresh(place.context(), {});
    expect(place.tokens).toMatchObject({ access_token: CANARY, refresh_token: "stored-refresh" });
    expect(place.stdout).toBe("");
    expect(place.stderr).toBe("oidc-token: refreshed okta, valid for 3600 s\n");
  });

  it.each([
    ["sign_in_needed when nobody is signed in", "okta", false, "sign_in_needed"],
    [
      "sign_in_needed when the provider gave no refresh token",
      "okta",
      { refresh_token: "" },
      "sign_in_needed",
    ],
    ["usage for a static key", "ci", false, "usage"],
  ])("fails with %s", async (_what, profile, signed_in, kind) => {
    if (signed_in) {
      const { refresh_token: _none, ...tokens } = keep();
      const { account } = selectedProfile(place.context(), {});
      place.stored.set(account, JSON.stringify({ v: 1, ...tokens }));
    }
    await expect(refresh(place.context(), { profile })).rejects.toMatchObject({ kind });
    expect(place.asked).toEqual([]);
  });

  it("fails, and changes nothing, when the provider cannot be reached", async () => {
    const before = keep();
    await expect(refresh(place.context(), {})).rejects.toMatchObject({ kind: "temporary" });
    expect(place.tokens).toEqual(before);
  });
});

describe("logout", () => {
  it("revokes, forgets, and lets nobody refresh in between", async () => {
    keep();
    place.grants = {
      revoke: async ({ refresh_token }) => {
        expect(refresh_token).toBe("stored-refresh");
        expect(place.locked.size).toBe(1);
        return "revoked";
      },
    };
    await logout(place.context(), {});
    expect(place.stored.size).toBe(0);
    expect(place.asked).toEqual(["revoke"]);
    expect(place.stderr).toBe("oidc-token: signed out of okta\n");
    expect(place.locked.size).toBe(0);
  });

  it("forgets although the provider cannot be reached, and says what could not be done", async () => {
    keep();
    await logout(place.context(), {});
    expect(place.stored.size).toBe(0);
    expect(place.stderr).toBe(
      "oidc-token: could not revoke at the provider: the provider cannot be reached\n" +
        "oidc-token: signed out of okta\n",
    );
  });

  it("forgets a record that cannot be read", async () => {
    keep();
    for (const account of place.stored.keys()) place.stored.set(account, "damaged");
    await logout(place.context(), {});
    expect(place.stored.size).toBe(0);
  });

  it("--local asks nobody", async () => {
    keep();
    await logout(place.context(), { local: true });
    expect(place.asked).toEqual([]);
    expect(place.stored.size).toBe(0);
  });

  it("waits for a peer no longer than it says, whatever is done to the clock", async () => {
    keep();
    place.locked.add(selectedProfile(place.context(), {}).account);
    await expect(logout(clockSetBack(), {})).rejects.toMatchObject({
      kind: "temporary",
      message: expect.stringMatching(/^another oidc-token has held this token for \d+ s$/),
    });
  });

  it("is not an error where nobody was signed in", async () => {
    await logout(place.context(), {});
    expect(place.stderr).toBe("oidc-token: was not signed in to okta\n");
  });

  it("forgets nothing when it is interrupted", async () => {
    keep();
    place.grants = {
      revoke: () => Promise.reject(new OidcTokenError("interrupted", "interrupted", "again")),
    };
    await expect(logout(place.context(), {})).rejects.toMatchObject({ kind: "interrupted" });
    expect(place.stored.size).toBe(1);
    expect(place.locked.size).toBe(0);
  });

  it("keeps the client's secret, which is configuration, unless --forget-secret is given", async () => {
    const bot = selectedProfile(place.context(), { profile: "bot" });
    place.stored.set(`${clientAccountOf(bot)}.client_secret`, CANARY);
    keep({}, "bot");
    place.grants = { revoke: async () => "revoked" };
    await logout(place.context(), { profile: "bot" });
    expect([...place.stored.values()]).toEqual([CANARY]);
    await logout(place.context(), { profile: "bot", forgetSecret: true });
    expect(place.stored.size).toBe(0);
    expect(place.stderr).toContain("forgot the client secret of bot\n");
  });

  it("--all forgets every profile, the client secrets kept for them, and what renamed profiles have left", async () => {
    keep();
    keep({}, "bot");
    const { account } = selectedProfile(place.context(), { profile: "bot" });
    place.stored.set(`${account}.client_secret`, CANARY);
    place.stored.set(`former-${"0".repeat(32)}`, "{}");
    place.grants = { revoke: async () => "revoked" };
    await logout(place.context(), { all: true });
    expect(place.stored.size).toBe(0);
    expect(place.stderr).toContain(
      'forgot what was left of "former", a profile that is no more; nothing was revoked\n',
    );
    expect(place.stderr).toContain("signed out of okta\n");
    expect(place.stderr).toContain("signed out of bot\n");
    expect(place.stderr).toContain("no key of typed was kept\n");
  });
});

describe("status", () => {
  const rows = async () => {
    place.stdout = "";
    await status(place.context(), { json: true });
    return new Map<string, Record<string, unknown>>(
      JSON.parse(place.stdout).map((row: { profile: string }) => [row.profile, row]),
    );
  };

  it("tells of every profile what it has and what get would do next", async () => {
    place.env.LLM_API_KEY = CANARY;
    const { expires_at } = keep({ access_token: CANARY, refresh_token: CANARY });
    const found = await rows();
    expect(found.get("okta")).toEqual({
      profile: "okta",
      flow: "device_code",
      issuer: "https://idp.example.com",
      signed_in: true,
      expires_at,
      has_refresh_token: true,
      store: "file",
      next: "serve",
      default: true,
    });
    expect(found.get("bot")).toMatchObject({ signed_in: false, next: "refresh" });
    expect(found.get("ci")).toMatchObject({ signed_in: true, next: "serve" });
    expect(found.get("typed")).toMatchObject({ signed_in: false, next: "sign_in" });
    expect(place.stdout + place.stderr).not.toContain(CANARY);
  });

  it.each<[string, Partial<TokenSet>, number, string]>([
    ["serve, while it is valid and not due", {}, 3000, "serve"],
    ["refresh, once it is due", {}, 3400, "refresh"],
    ["refresh, once it has expired", {}, 4000, "refresh"],
  ])("says of a token with a refresh token: %s", async (_what, tokens, age, next) => {
    keep(tokens);
    place.time += age;
    expect((await rows()).get("okta")).toMatchObject({ next });
  });

  it("shows the other profiles although one needs a variable that is not set here", async () => {
    expect((await rows()).get("ci")).toMatchObject({ signed_in: false, next: "sign_in" });
  });

  it("as a table names no secret, either", async () => {
    place.env.LLM_API_KEY = CANARY;
    keep({ access_token: CANARY });
    kleur.enabled = false;
    await status(place.context(), {});
    expect(place.stdout).toMatch(/^ {2}PROFILE +ACCOUNT +SIGNED IN +EXPIRES +STORE +NEXT GET$/m);
    expect(place.stdout).toMatch(/^\* okta +- +yes +in 1 h 0 min +file +serves$/m);
    expect(place.stdout).toMatch(/^ {2}ci +- +yes +never +- +serves$/m);
    expect(place.stdout).not.toContain(CANARY);
  });

  describe("as a table says", () => {
    const shown = async (): Promise<string> => {
      place.stdout = "";
      kleur.enabled = false;
      await status(place.context(), {});
      return place.stdout;
    };

    it("whose account it is, with nothing in it that a terminal obeys", async () => {
      const claims = Buffer.from('{"sub":"7","preferred_username":"ada\\u001b[2J"}').toString("base64url");
      keep({ id_token: `e30.${claims}.x` });
      expect(await shown()).toMatch(/^\* okta +ada \[2J +yes /m);
    });

    it("which variable is not set, in place of asking for a login that would not help", async () => {
      expect(await shown()).toMatch(/^ {2}ci +- +no +- +- +variable LLM_API_KEY is not set$/m);
    });

    it("that a session has ended", async () => {
      const { refresh_token: _ended, ...tokens } = keep();
      for (const account of place.stored.keys())
        place.stored.set(account, JSON.stringify({ v: 1, ...tokens }));
      place.time += 4000;
      expect(await shown()).toMatch(/^\* okta +- +yes +6 min ago +file +session has ended, needs login$/m);
    });
  });
});
