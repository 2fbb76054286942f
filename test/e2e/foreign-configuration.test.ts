import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";

const SOMEBODY = 4242;
let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox({ LLM_API_KEY: "sk-12345678" });
});
afterEach(() => sandbox.dispose());

const TWO = {
  default_profile: "a",
  profiles: {
    a: { flow: "static_key", key: "{env:LLM_API_KEY}" },
    b: { flow: "static_key", key: "sk-other" },
  },
};

describe.skipIf(process.platform === "win32")("a configuration", () => {
  it("that others may write to is refused", async () => {
    chmodSync(sandbox.configure(TWO), 0o666);
    expect(expectFailure(await sandbox.run(["get"]), 4).message).toContain(
      "can be written to by other users",
    );
  });

  it("that others may read is warned of where it holds a secret", async () => {
    chmodSync(sandbox.configure(TWO), 0o644);
    const { code, stderr } = await sandbox.run(["config", "check"]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^oidc-token: warning: profile "b": \S+config\.jsonc can be read by other users of this machine \(mode 0644\), and holds a secret\noidc-token: hint: close it: chmod 600, .*\n$/,
      ),
    });
  });
});

// Only root can make a file somebody else's.
describe.skipIf(process.getuid?.() !== 0)("what belongs to another user", () => {
  it("is refused as a configuration", async () => {
    chownSync(sandbox.configure(TWO), SOMEBODY, SOMEBODY);
    expect(expectFailure(await sandbox.run(["get"]), 4).message).toContain("belongs to another user");
  });

  it("counts for nothing as a project file, and that is said", async () => {
    sandbox.configure(TWO);
    const cwd = join(sandbox.home, "src");
    mkdirSync(cwd);
    writeFileSync(join(cwd, ".oidc-token.jsonc"), '{ "default_profile": "b" }');
    expect(await sandbox.run(["get"], { cwd })).toMatchObject({ stdout: "sk-other\n", stderr: "" });
    chownSync(join(cwd, ".oidc-token.jsonc"), SOMEBODY, SOMEBODY);
    expect(await sandbox.run(["get"], { cwd })).toMatchObject({
      code: 0,
      stdout: "sk-12345678\n",
      stderr: expect.stringMatching(
        /^oidc-token: \S+\.oidc-token\.jsonc belongs to another user, so it is not read\n$/,
      ),
    });
  });
});

describe.skipIf(process.platform === "win32")("a configuration in the working folder", () => {
  it.each([
    ["HOME is empty", { HOME: "", XDG_CONFIG_HOME: undefined }],
    ["XDG_CONFIG_HOME is relative", { XDG_CONFIG_HOME: ".config" }],
  ])("is not taken for the user's own where %s", async (_when, env) => {
    const cwd = join(sandbox.home, "src");
    const planted = join(cwd, ".config", "oidc-token");
    mkdirSync(planted, { recursive: true });
    writeFileSync(join(planted, "config.jsonc"), JSON.stringify(TWO), { mode: 0o600 });
    const { code, stdout } = await sandbox.run(["config", "path"], { cwd, env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\//) });
    expect(stdout).not.toContain(cwd);
  });
});
