import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ProcessLock } from "../../src/store/lock.js";
import { lockFolders } from "../../src/store/lock-folders.js";
import { Sandbox } from "../support/command.js";
import { loadedBy, loadingIn } from "../support/loaded.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

let provider: TestProvider;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  sandbox.configure({ profiles: { acme: browserProfile(provider) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  sandbox.dispose();
  await provider.stop();
});

it.each([["--version"], ["-V"]])("%s loads nothing but the hot path's bundle", async (flag) => {
  const { outcome, files, built_ins } = await loadedBy(sandbox, [flag]);
  expect(outcome).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: "" });
  expect(files).toEqual(["oidc-token.js", "main.cjs"]);
  expect(built_ins.filter((part) => !["fs", "path"].includes(part))).toEqual([]);
});

it("the hot path's bundle has no class of Unicode in a literal, which the runtime looks up at each start", () => {
  const bundle = readFileSync(new URL("../../dist/main.cjs", import.meta.url), "utf8");
  expect(bundle.match(/\/[^/\n`"']*\\p\{[^/\n`"']*\/[a-z]*u/g)).toBeNull();
});

/** What a command that nobody waits for may compile, in characters: a fifth more than at first. */
const LARGEST = { status: 210_000, profiles: 210_000, whoami: 210_000, refresh: 330_000 };

it.each(Object.entries(LARGEST))(
  "%s is loaded in one file, without what reads configuration, asks, or shows a sign-in",
  async (command, largest) => {
    // Once the configuration has been read.
    expect(await sandbox.run([command])).toMatchObject({ code: 0 });
    const { outcome, files, size, built_ins } = await loadedBy(sandbox, [command]);
    expect(outcome).toMatchObject({ code: 0 });
    expect(files).toEqual(["oidc-token.js", "main.cjs", "cli.cjs", expect.stringMatching(/^pack-\d\.cjs$/)]);
    expect(size).toBeLessThan(largest);
    // What undici brings in, inside Node as well, and commander, and prompts.
    const costly = /^(?:http2|https|zlib|worker_threads|child_process|tls|readline|vm|dgram)$/;
    expect(built_ins.filter((part) => costly.test(part))).toEqual([]);
    // `process.stdout` and `process.stderr` on a pipe bring in net, a quarter of what `status` takes beside the runtime.
    for (const part of ["http", "net"]) expect(built_ins.includes(part)).toBe(command === "refresh");
  },
);

it("who finds a peer at a refresh waits for it, with nothing of the program loaded", async () => {
  const file = new TokenFile(sandbox);
  const { text, account } = file;
  // Once the call is known.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await sandbox.run(["get"])).toMatchObject({ code: 0 });
  const lock = new ProcessLock(lockFolders(sandbox.env, join(sandbox.home, "state", "oidc-token")));
  const release = await lock.tryAcquire(account);
  expect(release).toBeDefined();
  file.expire();
  try {
    const waiting = loadedBy(sandbox, ["get"]);
    const loading = (): string => {
      const path = loadingIn(sandbox);
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    };
    await expect.poll(loading, { timeout: 15_000, interval: 20 }).toContain("waiting.cjs");
    file.text = text;
    await release?.();
    const { outcome, files } = await waiting;
    expect(outcome).toMatchObject({ code: 0, stdout: `${JSON.parse(text).access_token}\n`, stderr: "" });
    expect(files).toEqual(["oidc-token.js", "main.cjs", "waiting.cjs"]);
  } finally {
    await release?.();
    file.text = text;
  }
});

it("help is loaded without any command", async () => {
  const { outcome, files } = await loadedBy(sandbox, ["--help"]);
  expect(outcome).toMatchObject({ code: 0 });
  expect(files.slice(0, 4)).toEqual(["oidc-token.js", "main.cjs", "cli.cjs", "program.cjs"]);
  expect(files.slice(4).filter((file) => !/^chunk-\w+\.cjs$/.test(file))).toEqual([]);
});

it("a change of the configuration is noticed, though what reads it is seldom loaded", async () => {
  expect(await sandbox.run(["profiles"])).toMatchObject({ stdout: expect.stringContaining("acme") });
  sandbox.configure({ profiles: { renamed: browserProfile(provider) } });
  expect(await sandbox.run(["profiles"])).toMatchObject({ stdout: expect.stringContaining("renamed") });
  sandbox.configure({ profiles: { acme: browserProfile(provider) } });
});
