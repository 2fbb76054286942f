import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { lockFolders } from "../../src/store/lock-folders.js";
import { Sandbox } from "../support/command.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

const STRANGER = 4_242;
const uid = process.getuid?.();

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
/** What sign-in has locked. */
let locks: string;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  sandbox.configure({ profiles: { dev: browserProfile(provider) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  const [folder = ""] = lockFolders(sandbox.env, "");
  locks = join(folder, readdirSync(folder).find((name) => file.path.endsWith(`${name}.json`)) ?? "none");
});
afterAll(async () => {
  rmSync(locks, { recursive: true, force: true });
  sandbox?.dispose();
  await provider?.stop();
});

describe.skipIf(uid === undefined)("an entry of the lock that is none", () => {
  it.each<[string, (path: string) => void]>([
    ["a FIFO", (path) => void execFileSync("mkfifo", ["-m", "600", path], { timeout: 5_000 })],
    ["a link to /dev/zero", (path) => symlinkSync("/dev/zero", path)],
    ["a dangling link", (path) => symlinkSync("nowhere", path)],
    ["a folder", (path) => mkdirSync(path)],
  ])("is taken over within seconds, and get ends: %s", async (_what, make) => {
    const next = Math.max(0, ...readdirSync(locks).map(Number)) + 1;
    make(join(locks, `${next}`));
    file.expire();
    const outcome = await sandbox.run(["get"], { limit: 20_000 });
    expect(outcome).toMatchObject({ code: 0, stdout: `${file.tokens.access_token}\n`, stderr: "" });
    expect(outcome.took).toBeLessThan(10_000);
  });
});

describe.skipIf(uid !== 0)("a lock folder of somebody else", () => {
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  /** A runtime folder of ours, in which the lock's place is taken. */
  function runtimeDir(take: (folder: string) => void): string {
    const runtime = mkdtempSync(join(tmpdir(), "oidc-token-run-"));
    made.push(runtime);
    const folder = join(runtime, "oidc-token");
    mkdirSync(folder, { mode: 0o700 });
    take(folder);
    return runtime;
  }
  const foreign = (folder: string) => chownSync(folder, STRANGER, STRANGER);

  it.each<[string, (folder: string) => void]>([
    ["another user's", foreign],
    ["that others may write to", (folder) => chmodSync(folder, 0o777)],
  ])("costs nobody the token: %s", async (_what, take) => {
    file.expire();
    const outcome = await sandbox.run(["get"], { env: { XDG_RUNTIME_DIR: runtimeDir(take) } });
    expect(outcome).toMatchObject({ code: 0, stdout: `${file.tokens.access_token}\n`, stderr: "" });
  });

  it("is not gone by, even where it holds a lock that looks right", async () => {
    const runtime = runtimeDir((folder) => {
      mkdirSync(join(folder, file.account), { mode: 0o777 });
      foreign(folder);
    });
    file.expire();
    expect(await sandbox.run(["get"], { env: { XDG_RUNTIME_DIR: runtime } })).toMatchObject({ code: 0 });
    expect(readdirSync(join(runtime, "oidc-token", file.account))).toEqual([]);
  });

  it("in /tmp too, where there is no runtime folder: twenty at once refresh once", async (context) => {
    const taken = `/tmp/oidc-token-${uid}`;
    mkdirSync(taken, { recursive: true, mode: 0o700 });
    const theirs = runtimeDir(() => {});
    foreign(theirs);
    const inside = (command: string) => [
      "-m",
      "sh",
      "-c",
      `mount --bind "$0" ${taken} && ${command}`,
      theirs,
    ];
    if (spawnSync("unshare", inside("true")).status !== 0) context.skip("no mount can be made here");
    file.expire();
    const before = provider.counts["granted refresh_token"] ?? 0;
    const env = { XDG_RUNTIME_DIR: "" };
    const through = ["unshare", ...inside('exec "$@"')];
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => sandbox.run(["get"], { env, through, limit: 30_000 })),
    );
    expect(new Set(outcomes.map(({ code, stdout }) => `${code} ${stdout}`))).toEqual(
      new Set([`0 ${file.tokens.access_token}\n`]),
    );
    expect(provider.counts["granted refresh_token"]).toBe(before + 1);
    expect(readdirSync(join(sandbox.home, "state", "oidc-token", "locks"))).toEqual([
      "arrivals",
      file.account,
    ]);
    expect(readdirSync(theirs)).toEqual(["oidc-token"]);
  });
});
