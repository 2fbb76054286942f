import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { readSecret } from "../../../../src/store/keyring/secret-service.js";
import {
  enterOpenWallet,
  forgetSecret,
  keepSecret,
  unlockSecretService,
} from "../../../../src/store/keyring/secret-service-write.js";
import { Body, type Call, type FakeBus, type FakeBusOptions, startFakeBus } from "../dbus/fake-bus.js";

let folder: string;
let env: Record<string, string>;
let bus: FakeBus | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "oidc-token-bus-"));
  env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${folder}/bus` };
});
afterEach(async () => {
  await bus?.stop();
  bus = undefined;
  rmSync(folder, { recursive: true });
});

const ATTRIBUTES = { service: "oidc-token", username: "wörk" };
const place = (deadline = 3_000) => ({ env, attributes: ATTRIBUTES, interactive: false, deadline });
const keep = (value = "new") => keepSecret(place(), "a label", value);
const forget = () => forgetSecret(place());
const read = (deadline = 3_000) => readSecret(env, ATTRIBUTES, deadline);

interface Keyring {
  readonly locked?: boolean;
  readonly unlocked_items?: readonly string[];
  readonly locked_items?: readonly string[];
  readonly secret?: string;
  /** The process that answers no search before a person has unlocked it. */
  readonly search_waits_in?: number;
  /** What KWallet says of its wallet; undefined: it is none. */
  readonly wallet_is_open?: boolean;
  /** What the person does at the prompt. */
  readonly prompt?: "accepts" | "dismisses" | "ignores";
}

/** Answers as the Secret Service API says. */
function keyring(state: Keyring, little = true): (call: Call) => void {
  const body = (signature: string) => new Body(signature, little);
  return ({ text, answer }) => {
    const is = (member: string) => text.includes(`\0${member}\0`);
    if (is("Hello")) answer(body("s").text(":1.7"));
    if (is("OpenSession")) answer(body("vo").sig("s").text("").text("/session/1"));
    if (is("GetConnectionUnixProcessID")) answer(body("u").u32(state.search_waits_in ?? 0));
    if (is("SearchItems") && state.search_waits_in === undefined)
      answer(
        body("aoao")
          .paths(state.unlocked_items ?? [])
          .paths(state.locked_items ?? []),
      );
    if (is("isOpen") && state.wallet_is_open !== undefined)
      answer(body("b").u32(state.wallet_is_open ? 1 : 0));
    else if (is("isOpen")) answer(body(""), 3, { 4: "org.freedesktop.DBus.Error.UnknownObject" });
    if (is("Label")) return answer(body("v").sig("s").text("kdewallet"));
    if (is("Get"))
      answer(
        body("v")
          .sig("b")
          .u32(state.locked ? 1 : 0),
      );
    if (is("ReadAlias")) answer(body("o").text("/collection/login"));
    if (is("AddMatch")) answer(body(""));
    if (is("Unlock")) answer(body("aoo").paths([]).text("/prompt/1"));
    if (is("GetSecret")) {
      const value = Buffer.from(state.secret ?? "");
      const struct = body("(oayays)").text("/session/1").u32(0).u32(value.length);
      struct.bytes.push(...value);
      answer(struct.text("text/plain"));
    }
    if (is("Prompt")) {
      answer(body(""));
      if (state.prompt === "ignores") return;
      const result = body("bv").u32(state.prompt === "dismisses" ? 1 : 0);
      result.sig("ao").paths(["/collection/login"]);
      answer(result, 4, { 1: "/prompt/1", 2: "org.freedesktop.Secret.Prompt", 3: "Completed" });
    }
  };
}

async function begin(state: Keyring, options: FakeBusOptions = {}): Promise<void> {
  bus = await startFakeBus(join(folder, "bus"), keyring(state, options.little), options);
}

describe.skipIf(process.platform === "win32")("the Secret Service", () => {
  const secret = `{"access_token":"ünïcode ${"x".repeat(20_000)}"}`;

  test.each<[string, FakeBusOptions]>([
    ["in one piece", {}],
    ["byte by byte", { drip: true }],
    ["in the other byte order", { little: false }],
  ])("gives the secret, however its answer comes: %s", async (_, options) => {
    const text = options.drip ? "short" : secret;
    await begin({ unlocked_items: ["/item/1"], secret: text }, options);
    expect(await read(10_000)).toEqual({ state: "ready", secret: text });
  });

  test("is asked for the attributes, on each call anew", async () => {
    const searches: string[] = [];
    const answer = keyring({});
    bus = await startFakeBus(join(folder, "bus"), (call) => {
      if (call.text.includes("SearchItems")) searches.push(Buffer.from(call.text, "latin1").toString("utf8"));
      answer(call);
    });
    expect(await read()).toEqual({ state: "ready" });
    expect(await read()).toEqual({ state: "ready" });
    expect(searches).toHaveLength(2);
    for (const word of ["service", "oidc-token", "username", "wörk"])
      expect(searches[0]).toContain(`\0${word}\0`);
  });

  test("is locked where the item is, and where a locked keyring shows no items", async () => {
    await begin({ locked: true, locked_items: ["/item/1"] });
    expect(await read()).toEqual({ state: "locked" });
    expect(await keep()).toBe("locked");
    expect(await forget()).toEqual({ state: "locked", forgotten: false });
    await bus?.stop();
    await begin({ locked: true });
    expect(await read()).toEqual({ state: "locked" });
  });

  test("is withheld where the keyring is open and only the item is locked", async () => {
    await begin({ locked_items: ["/item/1"] });
    expect(await read()).toEqual({ state: "withheld" });
    expect(await keep()).toBe("withheld");
    expect(await forget()).toEqual({ state: "withheld", forgotten: false });
  });

  test("is locked, in little time, where KeePassXC lets a search wait for a person", async () => {
    const program = join(folder, "keepassxc");
    // The kernel names a process after its script.
    writeFileSync(program, "#!/bin/sh\nread _\n", { mode: 0o700 });
    const waiting = spawn(program, { stdio: ["pipe", "ignore", "ignore"] });
    onTestFinished(() => void waiting.kill("SIGKILL"));
    await new Promise((resolve) => waiting.once("spawn", resolve));
    await begin({ search_waits_in: waiting.pid ?? 0 });
    expect(await read(20_000)).toEqual({ state: "locked" });
  });

  test("is searched, and has answered, before a session is opened: a keyring of GNOME dies of the other order", async () => {
    for (const work of [read, keep, forget]) {
      const seen: string[] = [];
      let answered = false;
      const answer = keyring({ unlocked_items: ["/item/1"], secret: "text" });
      bus = await startFakeBus(join(folder, "bus"), (call) => {
        const member = ["SearchItems", "OpenSession"].find((name) => call.text.includes(`\0${name}\0`));
        if (member !== undefined) seen.push(member);
        if (member === "OpenSession") expect(answered).toBe(true);
        if (member !== "SearchItems") return answer(call);
        setTimeout(() => {
          answered = true;
          answer(call);
        }, 30);
      });
      await work();
      expect(seen[0]).toBe("SearchItems");
      await bus.stop();
    }
  });

  test("is asked for nothing else before the search has answered: a keyring of GNOME dies of a property, too", async () => {
    for (const work of [read, keep, forget, () => unlockSecretService(env, ATTRIBUTES, 3_000)]) {
      const early: string[] = [];
      let answered = false;
      const answer = keyring({ locked: true });
      bus = await startFakeBus(join(folder, "bus"), (call) => {
        if (call.text.includes("\0Hello\0")) return answer(call);
        if (!call.text.includes("\0SearchItems\0")) {
          if (!answered) early.push(call.text);
          return answer(call);
        }
        setTimeout(() => {
          answered = true;
          answer(call);
        }, 30);
      });
      await work();
      expect(answered).toBe(true);
      expect(early).toEqual([]);
      await bus.stop();
    }
  });

  test("is searched once more where it has refused the first call of a connection", async () => {
    let refused = 0;
    const answer = keyring({ unlocked_items: ["/item/1"], secret: "text" });
    bus = await startFakeBus(join(folder, "bus"), (call) => {
      if (!call.text.includes("\0SearchItems\0") || refused > 0) return answer(call);
      refused += 1;
      call.answer(new Body(""), 3, { 4: "org.freedesktop.DBus.Error.UnknownMethod" });
    });
    expect(await read()).toEqual({ state: "ready", secret: "text" });
    expect(refused).toBe(1);
  });

  test("asks nobody where somebody has unlocked it meanwhile", async () => {
    await begin({ locked: false, prompt: "ignores" });
    expect(await unlockSecretService(env, ATTRIBUTES, 3_000)).toBe("ready");
  });

  test("opens no session where nothing is found", async () => {
    const seen: string[] = [];
    const answer = keyring({});
    bus = await startFakeBus(join(folder, "bus"), (call) => {
      seen.push(call.text);
      answer(call);
    });
    expect(await read()).toEqual({ state: "ready" });
    expect(seen.filter((text) => text.includes("OpenSession"))).toEqual([]);
  });

  test("is asked over one connection, however often", async () => {
    await begin({ unlocked_items: ["/item/1"], secret });
    expect(await read()).toEqual({ state: "ready", secret });
    expect(await read()).toEqual({ state: "ready", secret });
    expect(bus?.connections).toBe(1);
  });

  test("is found again where the bus was started anew meanwhile", async () => {
    await begin({ unlocked_items: ["/item/1"], secret: "one" });
    expect(await read()).toEqual({ state: "ready", secret: "one" });
    await bus?.stop();
    await begin({ unlocked_items: ["/item/1"], secret: "two" });
    expect(await read()).toEqual({ state: "ready", secret: "two" });
  });

  test.each([
    [true, "ready"],
    [false, "locked"],
    [undefined, "locked"],
  ])(
    "counts as locked with a wallet that is open (%s), and is entered: %s",
    async (wallet_is_open, state) => {
      await begin({
        locked: true,
        prompt: "accepts",
        ...(wallet_is_open !== undefined && { wallet_is_open }),
      });
      expect(await read()).toEqual({ state: "locked" });
      expect(await enterOpenWallet(env, 3_000)).toBe(state);
    },
  );

  test.each([
    ["accepts", "ready"],
    ["dismisses", "locked"],
    ["ignores", "silent"],
  ] as const)("asks the person to unlock it, who %s: %s", async (prompt, state) => {
    await begin({ locked: true, prompt });
    expect(await unlockSecretService(env, ATTRIBUTES, 700)).toBe(state);
  });

  test.each([
    ["org.freedesktop.DBus.Error.ServiceUnknown", "no_service"],
    ["org.freedesktop.DBus.Error.Spawn.ExecFailed", "no_service"],
    ["org.freedesktop.DBus.Error.NoReply", "silent"],
    ["org.freedesktop.DBus.Error.UnknownObject", "no_collection"],
    ["org.freedesktop.Secret.Error.NoSuchObject", "no_collection"],
    ["org.freedesktop.DBus.Error.AccessDenied", "broken"],
  ])("where every call fails with %s is %s", async (error, state) => {
    bus = await startFakeBus(join(folder, "bus"), ({ answer }) => answer(new Body(""), 3, { 4: error }));
    expect(await read()).toEqual({ state });
    expect(await keep()).toBe(state);
    expect(await forget()).toEqual({ state, forgotten: false });
  });

  test.each([
    ["no answer at all", "", "silent"],
    ["half a greeting", "OK 00", "silent"],
    ["a refusal", "REJECTED EXTERNAL\r\n", "broken"],
    ["what is no D-Bus", `OK 1\r\n${"HTTP/1.1 400 Bad Request".repeat(9)}`, "broken"],
    ["an endless message", `OK 1\r\nl\x02\x01\x01\xff\xff\xff\x7f${"\x01".repeat(99)}`, "broken"],
    ["a broken message", `OK 1\r\nl\x02\x01\x01${"\x04\0\0\0".repeat(3)}${"\xff".repeat(99)}`, "broken"],
  ])("behind a bus that gives %s", async (_, greeting, state) => {
    bus = await startFakeBus(join(folder, "bus"), () => {}, { greeting });
    const started = performance.now();
    expect(await read(500)).toEqual({ state });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test("behind a bus that hangs up", async () => {
    bus = await startFakeBus(join(folder, "bus"), (_, socket) => socket.destroy());
    expect(await read()).toEqual({ state: "broken" });
  });

  test("is found at a later address where nobody listens at the first", async () => {
    await begin({ unlocked_items: ["/item/1"], secret });
    const real = env.DBUS_SESSION_BUS_ADDRESS;
    env.DBUS_SESSION_BUS_ADDRESS = `unix:path=${folder}/none;${real};unix:path=${folder}/never`;
    expect(await read()).toEqual({ state: "ready", secret });
    env.DBUS_SESSION_BUS_ADDRESS = `unix:path=${folder}/none`;
    expect(await read()).toEqual({ state: "no_bus" });
  });

  test("is reached without Node's own bindings as well", async () => {
    await begin({ unlocked_items: ["/item/1"], secret });
    const binding = vi.spyOn(process as unknown as { binding(name: string): unknown }, "binding");
    binding.mockImplementation(() => {
      throw new Error("no such binding");
    });
    expect(await read()).toEqual({ state: "ready", secret });
    expect(binding).toHaveBeenCalled();
    env.DBUS_SESSION_BUS_ADDRESS = `unix:path=${folder}/none`;
    expect(await read()).toEqual({ state: "no_bus" });
  });

  test.skipIf(process.platform !== "linux")("is found at an abstract address", async () => {
    const name = `oidc-token-test-${process.pid}`;
    bus = await startFakeBus(`\0${name}`, keyring({ unlocked_items: ["/item/1"], secret }));
    env.DBUS_SESSION_BUS_ADDRESS = `unix:abstract=${name}`;
    expect(await read()).toEqual({ state: "ready", secret });
  });
});
