import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type KeyringCase,
  missingSecretServiceParts,
  type SecretService,
  startSecretService,
} from "../support/secret-service.js";

const parts = missingSecretServiceParts();
const mustRun = process.env.OIDC_TOKEN_TEST_NO_SKIP === "1";
const skip = process.platform !== "linux" || (parts.length > 0 && !mustRun);
const why = parts.length > 0 ? ` (needs the packages ${parts.join(", ")})` : "";

/** Other runtimes to try, as a list of paths: `OIDC_TOKEN_TEST_RUNTIMES=/path/to/bun:/path/to/node24`. */
const runtimes = [
  process.execPath,
  ...(process.env.OIDC_TOKEN_TEST_RUNTIMES ?? "").split(":").filter(Boolean),
];

const built = mkdtempSync(
  join(fileURLToPath(new URL("../../node_modules/", import.meta.url)), ".store-test-"),
);
const script = join(built, "store-process.cjs");
let service: SecretService | undefined;

beforeAll(() => {
  buildSync({
    entryPoints: [fileURLToPath(new URL("store-process.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["@napi-rs/*"],
    logOverride: { "empty-import-meta": "silent" },
    outfile: script,
  });
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
});
afterAll(() => rmSync(built, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly answer: unknown;
  readonly stderr: string;
  readonly took: number;
}

describe.skipIf(skip).each(runtimes)(`the keyring, on a real Secret Service${why}, under %s`, (runtime) => {
  const isBun = runtime.includes("bun");

  async function begin(kind: KeyringCase): Promise<SecretService> {
    service = await startSecretService(kind);
    return service;
  }

  function use(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return new Promise((resolve) => {
      const started = performance.now();
      const child = spawn(runtime, [script, ...args], {
        env: { ...service?.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
        timeout: 30_000,
        killSignal: "SIGKILL",
      });
      const output = { stdout: "", stderr: "" };
      child.stdout.on("data", (text) => {
        output.stdout += text;
      });
      child.stderr.on("data", (text) => {
        output.stderr += text;
      });
      child.on("close", (code, signal) => {
        const answer = output.stdout === "" ? undefined : JSON.parse(output.stdout);
        resolve({ code, signal, answer, stderr: output.stderr, took: performance.now() - started });
      });
    });
  }

  const files = () => {
    const folder = join(service?.env.XDG_DATA_HOME ?? "", "oidc-token", "tokens");
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  test("keeps a text where other programs find it, and forgets it", async () => {
    const { lookup } = await begin("present");
    const text = `{"access_token":"ünïcode ${"x".repeat(5_000)}"}`;
    expect((await use(["get", "work"])).answer).toBe("nothing");
    expect(await use(["place", "work", text])).toMatchObject({ code: 0, answer: "keyring", stderr: "" });
    expect(lookup({ service: "oidc-token", username: "work" })).toBe(text);
    expect((await use(["get", "work"])).answer).toEqual({ text, store: "keyring" });
    expect((await use(["set", "work", "new"])).answer).toBe("keyring");
    expect(lookup({ service: "oidc-token", username: "work" })).toBe("new");
    expect((await use(["get", "other"])).answer).toBe("nothing");
    expect((await use(["delete", "work"])).answer).toBe(true);
    expect(lookup({ service: "oidc-token", username: "work" })).toBeUndefined();
    expect((await use(["delete", "work"])).answer).toBe(false);
    expect(files()).toEqual([]);
  });

  test("moves a text between file and keyring, so that one place holds it", async () => {
    const { lookup } = await begin("present");
    const inKeyring = () => lookup({ service: "oidc-token", username: "work" });
    expect((await use(["place", "work", "1"], { STORE: "file" })).answer).toBe("file");
    expect((await use(["get", "work"])).answer).toEqual({ text: "1", store: "file" });
    expect((await use(["set", "work", "2"], { STORE: "auto" })).answer).toBe("file");
    expect((await use(["set", "work", "3"])).answer).toBe("keyring");
    expect([inKeyring(), files()]).toEqual(["3", []]);
    expect((await use(["get", "work"], { STORE: "file" })).answer).toEqual({ text: "3", store: "keyring" });
    expect((await use(["set", "work", "4"], { STORE: "file" })).answer).toBe("file");
    expect([inKeyring(), files()]).toEqual([undefined, ["work.json"]]);
    expect((await use(["place", "work", "5"], { STORE: "auto" })).answer).toBe("keyring");
    expect([inKeyring(), files()]).toEqual(["5", []]);
  });

  test.each<[KeyringCase, string, boolean]>([
    ["locked", "the keyring is locked", true],
    ["no default collection", "the keyring has no default collection to keep tokens in", false],
    ["no service", "no keyring answers on this session's D-Bus", false],
    ["no bus", "there is no D-Bus session bus, and so no keyring", false],
  ])("says so at once, and `auto` falls back to a file: %s", async (kind, message, mayHold) => {
    await begin(kind);
    for (const action of ["get", "place", "delete"]) {
      const ended = await use([action, "work", "SECRET"]);
      expect(ended).toMatchObject({ code: 6, signal: null, answer: undefined });
      expect(ended.stderr.split("\n")[0]).toBe(message);
      expect(ended.stderr).toContain('"store": "file"');
      expect(ended.stderr).not.toContain("SECRET");
      expect(ended.took).toBeLessThan(3_000);
    }
    const before = await use(["get", "work"], { STORE: "auto" });
    if (mayHold) expect(before).toMatchObject({ code: 6, stderr: expect.stringContaining(message) });
    else expect(before).toMatchObject({ code: 0, answer: "nothing" });

    const placed = await use(["place", "work", "text"], { STORE: "auto" });
    expect(placed).toMatchObject({ code: 0, answer: "file" });
    expect(placed.stderr.match(/notice/g)).toHaveLength(1);
    expect(placed.stderr).toContain(message);
    expect((await use(["get", "work"], { STORE: "auto" })).answer).toEqual({ text: "text", store: "file" });
    expect((await use(["set", "work", "new"], { STORE: "file" })).answer).toBe("file");
    expect((await use(["delete", "work"], { STORE: "file" })).answer).toBe(true);
    expect(files()).toEqual([]);
  });

  test("that is locked tries to be unlocked for a person, and says so where no prompt can be shown", async () => {
    await begin("locked");
    const ended = await use(["get", "work"], { PERSON: "1" });
    expect(ended).toMatchObject({ code: 6, stderr: expect.stringContaining("the keyring is locked") });
    expect(ended.took).toBeLessThan(10_000);
  });

  test.each<[KeyringCase, string]>([
    ["present", "nothing"],
    ["locked", "the keyring is locked"],
  ])("survives thousands of new connections: %s", { timeout: 120_000 }, async (kind, answer) => {
    const { keyringPid } = await begin(kind);
    const readers = await Promise.all(Array.from({ length: 3 }, () => use(["often", "work", "20000"])));
    for (const reader of readers)
      expect(Object.keys(reader.answer as object)).toEqual([expect.stringContaining(answer)]);
    expect(existsSync(`/proc/${keyringPid}/exe`)).toBe(true);
  });

  test.each<KeyringCase>(["a bus that never answers", "a stopped bus", "a stopped keyring"])(
    "ends within its deadline: %s",
    async (kind) => {
      await begin(kind);
      const ended = await Promise.all([
        use(["get", "work"]),
        use(["place", "work", "x"]),
        use(["delete", "work"]),
      ]);
      for (const { code, signal, stderr, took } of ended) {
        expect([code, signal]).toEqual([6, null]);
        expect(stderr.split("\n")[0]).toBe("the keyring did not answer in time");
        expect(took).toBeGreaterThan(4_900);
        expect(took).toBeLessThan(9_000);
      }
      const placed = await use(["place", "work", "text"], { STORE: "file" });
      expect(placed).toMatchObject({ code: 0, answer: "file", stderr: "" });
      expect(placed.took).toBeLessThan(4_000);
      expect((await use(["set", "work", "new"], { STORE: "file" })).took).toBeLessThan(2_000);
    },
  );

  test("that stops answering in the middle of a native call does not keep the process", async () => {
    const { busPid } = await begin("present");
    const ended = await use(["hang", "work"], { BUS_PID: String(busPid) });
    expect(ended.stderr).toContain("the keyring did not answer within 1 s");
    expect(ended.took).toBeLessThan(5_000);
    // Without process.execve only a signal ends a Node process that has lost a thread.
    const exits = isBun || (await hasExecve(runtime));
    expect([ended.code, ended.signal]).toEqual(exits ? [6, null] : [null, "SIGKILL"]);
  });
});

function hasExecve(runtime: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(runtime, ["-e", "process.exit(typeof process.execve === 'function' ? 0 : 1)"], {
      timeout: 10_000,
      stdio: "ignore",
    });
    child.on("exit", (code) => resolve(code === 0));
  });
}
