import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { named, openCodeMissing } from "../../support/opencode-setting.js";
import { signedInSetting } from "../../support/opencode-signed-in.js";
import { TokenFile } from "../../support/token-file.js";

/** With `$schema`, which OpenCode writes into a file that has none. */
const CONFIG = `{
  // mine
  "$schema": "https://opencode.ai/config.json",
  "model": "acme/large",
  "small_model": "acme/small", // quick
}
`;

describe.skipIf(openCodeMissing)(named("OpenCode"), () => {
  const setting = signedInSetting();
  let path: string;
  beforeAll(() => {
    path = join(setting.opencode.configDir, "opencode.json");
    writeFileSync(path, CONFIG);
  });

  const setUp = (...args: readonly string[]) => setting.sandbox.run(["setup", "opencode", ...args, "--yes"]);

  test("answers a message with tokens from the plugin, another after an expiry and a 401, and no more once undone", async () => {
    const { gateway, opencode, sandbox } = setting;
    const say = async (): Promise<void> => {
      const { stdout, stderr } = await opencode.run(["run", "hi"]);
      expect(stdout + stderr).toContain("Hello from the model");
    };
    expect(await setUp("--write")).toMatchObject({ code: 0, stdout: `${path}\n` });
    expect(await setUp("--write")).toMatchObject({ code: 0, stdout: "" });
    const file = new TokenFile(sandbox);
    const first = file.tokens.access_token;
    await say();
    expect(new Set(gateway.requests.map(({ credential }) => credential))).toEqual(new Set([first]));

    file.expire();
    await say();
    expect(setting.refreshes()).toBe(1);
    gateway.revoked.add(file.tokens.access_token);
    await say();
    expect(setting.refreshes()).toBe(2);

    expect((await setUp("--undo")).code).toBe(0);
    expect(readFileSync(path, "utf8")).toBe(CONFIG);
    gateway.requests.length = 0;
    expect((await opencode.run(["run", "hi"])).stdout).not.toContain("Hello from the model");
    expect(gateway.requests).toEqual([]);
  });
});
