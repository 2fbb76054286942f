import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { PLUGIN } from "../support/opencode.js";
import { installPackage } from "../support/opencode-package.js";
import { named, openCodeMissing } from "../support/opencode-setting.js";
import { signedInSetting } from "../support/opencode-signed-in.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe.skipIf(openCodeMissing)(named("Setting up the plugin in OpenCode"), () => {
  const setting = signedInSetting();
  beforeEach(() => {
    setting.sandbox.configure({ profiles: { acme: setting.profile() } });
    setting.gateway.requests.length = 0;
  });

  async function models(provider: string): Promise<string[]> {
    const { stdout } = await setting.opencode.run(["models", provider]);
    return stdout.trim().split("\n");
  }

  test("opencode models lists the gateway's models, and with the gateway stopped the ones it listed last", async () => {
    setting.opencode.configure({});
    expect(await models("acme")).toEqual(["acme/large", "acme/small"]);
    const cache = join(setting.sandbox.home, "cache", "oidc-token");
    expect(readdirSync(cache).some((name) => name.startsWith("models-"))).toBe(true);
    await setting.gateway.pause();
    expect(await models("acme")).toEqual(["acme/large", "acme/small"]);
    await setting.gateway.resume();
  });

  test("the profile's models overrides reach OpenCode", async () => {
    const overrides = { large: { name: "The large one", limit: { context: 128_000, output: 8000 } } };
    setting.sandbox.configure({ profiles: { acme: setting.profile({ models: overrides }) } });
    setting.opencode.configure({});
    const { stdout } = await setting.opencode.run(["models", "acme", "--verbose"]);
    expect(stdout).toContain("The large one");
    expect(stdout).toMatch(/"context": 128000/);
  });

  test("options choose profiles and give their providers other names", async () => {
    setting.sandbox.configure({ profiles: { acme: setting.profile(), other: setting.profile() } });
    setting.opencode.configure({ plugin: [[PLUGIN, { providers: { renamed: { profile: "acme" } } }]] });
    expect(await models("renamed")).toEqual(["renamed/large", "renamed/small"]);
    const { stdout } = await setting.opencode.run(["run", "-m", "renamed/large", "hi"]);
    expect(stdout).toContain("Hello from the model");
    expect((await setting.opencode.run(["models", "other"])).code).not.toBe(0);
  });

  test("a profile's provider key names the provider, also one OpenCode knows already", async () => {
    setting.sandbox.configure({ profiles: { acme: setting.profile({ provider: "mistral" }) } });
    setting.opencode.configure({});
    expect(await models("mistral")).toEqual(["mistral/large", "mistral/small"]);
    const { stdout } = await setting.opencode.run(["run", "-m", "mistral/large", "hi"]);
    expect(stdout).toContain("Hello from the model");
    expect(setting.gateway.requests.every(({ allowed }) => allowed)).toBe(true);
  });

  test("a model that only opencode.json knows works as well", async () => {
    setting.opencode.configure({ provider: { acme: { models: { secret: { name: "Unlisted" } } } } });
    expect(await models("acme")).toEqual(["acme/large", "acme/secret", "acme/small"]);
    const { stdout } = await setting.opencode.run(["run", "-m", "acme/secret", "hi"]);
    expect(stdout).toContain("Hello from the model");
  });

  test("a configuration that can't be read is named, and nothing reaches the gateway", async () => {
    const path = setting.sandbox.configure('{ "profiles": { "acme": { "isuer": "https://x" } } }');
    const url = setting.gateway.url;
    setting.opencode.configure({ provider: { acme: { options: { baseURL: url }, models: { large: {} } } } });
    for (const [args, options] of [
      [["run", "-m", "acme/large", "hi"], {}],
      [["run", "-m", "unheard/of", "hi"], {}],
      [["run", "hi"], { model: "acme/large" }],
    ] as const) {
      setting.opencode.configure({
        provider: { acme: { options: { baseURL: url }, models: { large: {} } } },
        ...options,
      });
      const { code, stdout, stderr } = await setting.opencode.run(args);
      expect(code).toBe(1);
      expect(stdout + stderr).toContain(path);
      expect(stdout + stderr).toContain("issuer");
    }
    expect(setting.gateway.requests).toEqual([]);
  });

  test("the command option runs another command", async () => {
    const script = join(setting.sandbox.home, "wrapper.cjs");
    const trace = join(setting.sandbox.home, "wrapper-ran");
    const own = JSON.stringify(join(root, "bin/oidc-token.js"));
    writeFileSync(script, `require("fs").writeFileSync(${JSON.stringify(trace)}, ""); require(${own});`);
    setting.opencode.configure({ plugin: [[PLUGIN, { command: [process.execPath, script] }]] });
    const { stdout } = await setting.opencode.run(["run", "-m", "acme/large", "hi"]);
    expect(stdout).toContain("Hello from the model");
    expect(existsSync(trace)).toBe(true);
  });

  test('as an npm package: "plugin": ["oidc-token"] is enough', async () => {
    const { opencode, sandbox } = setting;
    installPackage(sandbox.home);
    opencode.configure({ plugin: ["oidc-token"], model: "acme/large" });
    const { stdout } = await opencode.run(["run", "hi"], { env: { OIDC_TOKEN_LOG: "info" } });
    expect(stdout).toContain("Hello from the model");
    // Once: what is there for the second plugin API, `setup` and the package's main export, starts nothing here.
    const log = readFileSync(join(sandbox.home, "state", "oidc-token", "oidc-token.log"), "utf8");
    expect(log.match(/OpenCode plugin started/g)).toHaveLength(1);
    expect(setting.gateway.requests.every(({ allowed }) => allowed)).toBe(true);
  });

  test("dropped into the plugins folder it finds oidc-token on PATH", async () => {
    const { opencode, sandbox } = setting;
    const plugins = join(opencode.configDir, "plugins");
    const bin = join(sandbox.home, "bin");
    mkdirSync(plugins);
    mkdirSync(bin);
    cpSync(fileURLToPath(PLUGIN), join(plugins, "oidc-token.js"));
    symlinkSync(join(root, "bin/oidc-token.js"), join(bin, "oidc-token"));
    opencode.configure({ plugin: [], model: "acme/large" });
    const { stdout } = await opencode.run(["run", "hi"], { env: { PATH: `${bin}:${process.env.PATH}` } });
    rmSync(plugins, { recursive: true });
    expect(stdout).toContain("Hello from the model");
    expect(setting.gateway.requests.every(({ allowed }) => allowed)).toBe(true);
  });
});
