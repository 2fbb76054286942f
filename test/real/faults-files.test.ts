import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Outcome, Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

/** Runs what follows with a file system of a few kilobytes at a place, which is full. */
const FULL =
  'mount -t tmpfs -o size=16k,mode=700 none "$0" && { cat /dev/zero >"$0/fill" 2>/dev/null; exec "$@"; }';
/** The same with one that nothing can be written to. */
const READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"';
const mounts =
  spawnSync("unshare", ["-m", "sh", "-c", "mount -t tmpfs none /mnt"], { timeout: 10_000 }).status === 0;

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  sandbox.configure({ profiles: { dev: browserProfile(provider) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  for (const folder of ["cache", "state"]) mkdirSync(join(sandbox.home, folder), { recursive: true });
});
afterAll(async () => {
  sandbox?.dispose();
  await provider?.stop();
});
beforeEach(() => file.expire());

const at = (folder: string, how: string, args: readonly string[]): Promise<Outcome> =>
  sandbox.run(args, {
    through: ["unshare", "-m", "sh", "-c", how, join(sandbox.home, folder)],
    limit: 20_000,
  });

describe.skipIf(!mounts)("a place that takes nothing (needs to be root, for a mount of its own)", () => {
  it.each([
    ["the cache, full", "cache", FULL],
    ["the cache, read-only", "cache", READ_ONLY],
    ["the log, full", "state", FULL],
    ["the log, read-only", "state", READ_ONLY],
  ])("costs nobody the token or the session: %s", async (_what, folder, how) => {
    for (const args of [["get"], ["get", "--force-refresh", "--log-level", "debug"]]) {
      const outcome = await at(folder, how, args);
      expect(outcome).toMatchObject({ code: 0, stdout: `${file.tokens.access_token}\n`, stderr: "" });
    }
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
  });

  it("is passed over for the lock where it is read-only, since that stays so", async () => {
    expect(await at("run", READ_ONLY, ["get"])).toMatchObject({
      code: 0,
      stdout: `${file.tokens.access_token}\n`,
    });
  });

  it("is told where it is full and the lock's, before the refresh token is spent", async () => {
    const spent = provider.counts["granted refresh_token"];
    const { message } = expectFailure(await at("run", FULL, ["get"]), 6);
    expect(message).toMatch(/no space left$/);
    expect(provider.counts["granted refresh_token"]).toBe(spent);
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0 });
  });
});
