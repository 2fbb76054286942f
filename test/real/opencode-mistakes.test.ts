import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { type OpenCodeRunOptions, PLUGIN } from "../support/opencode.js";
import { named, openCodeMissing } from "../support/opencode-setting.js";
import { signedInSetting } from "../support/opencode-signed-in.js";

describe.skipIf(openCodeMissing)(named("A wrong set-up of the plugin in OpenCode"), () => {
  const setting = signedInSetting();
  beforeEach(() => {
    setting.sandbox.configure({ profiles: { acme: setting.profile() } });
    setting.gateway.requests.length = 0;
  });

  /** All that a person sees of `opencode run`, which has to fail without a request to the gateway. */
  async function seen(config: object, options?: OpenCodeRunOptions): Promise<string> {
    setting.opencode.configure(config);
    const { code, stdout, stderr } = await setting.opencode.run(["run", "hi"], options);
    expect(code).toBe(1);
    expect(setting.gateway.requests.filter(({ path }) => path.includes("chat"))).toEqual([]);
    return (stdout + stderr).replaceAll("\u2060", "");
  }

  test.each([
    [
      "a profile that does not exist",
      { providers: { corp: { profile: "nope" } } },
      'oidc-token has no profile "nope", which the plugin\'s options in opencode.json name; it has "acme"',
    ],
    [
      "a name where an object belongs",
      { providers: { corp: "acme" } },
      'say "corp": "acme"; write "corp": { "profile": "acme" }',
    ],
    [
      "a provider a level too high",
      { corp: "acme" },
      'write { "providers": { "corp": { "profile": "acme" } } }',
    ],
  ])("in its options, %s, is named", async (_what, options, sentence) => {
    expect(await seen({ plugin: [[PLUGIN, options]], model: "corp/large" })).toContain(sentence);
  });

  test.each([
    ["chosen by its name", {}, "acme/large"],
    ["chosen in the options", { providers: { corp: { profile: "acme" } } }, "corp/large"],
  ])("a profile without base_url, %s, is named", async (_how, options, model) => {
    setting.sandbox.configure({ profiles: { acme: setting.profile({ base_url: undefined }) } });
    expect(await seen({ plugin: [[PLUGIN, options]], model })).toContain(
      'profile "acme" of oidc-token has no base_url',
    );
  });

  test("without any configuration the way to one is named", async () => {
    setting.sandbox.configure({});
    expect(await seen({ model: "acme/large" })).toContain(
      "oidc-token has no profile yet; run: oidc-token init",
    );
  });

  test("a misspelt provider is told the right name", async () => {
    expect(await seen({ model: "acne/large" })).toContain(
      'there is no provider "acne"; oidc-token has "acme"',
    );
  });

  test("a project's plugin entry that replaces the user's options is named", async () => {
    const project = join(setting.sandbox.home, "replacing");
    mkdirSync(project);
    writeFileSync(join(project, "opencode.json"), JSON.stringify({ plugin: [PLUGIN] }));
    const options = { providers: { corp: { profile: "acme" } } };
    const shown = await seen({ plugin: [[PLUGIN, options]], model: "corp/large" }, { cwd: project });
    expect(shown).toContain(`${join(project, "opencode.json")} lists the oidc-token plugin too`);
  });

  test("in the plugins folder, another program of this name on PATH is named, and so is none", async () => {
    const { opencode, sandbox } = setting;
    const plugins = join(opencode.configDir, "plugins");
    const bin = join(sandbox.home, "other");
    mkdirSync(plugins);
    mkdirSync(bin);
    cpSync(fileURLToPath(PLUGIN), join(plugins, "oidc-token.js"));
    writeFileSync(join(bin, "oidc-token"), "#!/bin/sh\necho usage: oidc-token ISSUER\n", { mode: 0o755 });
    const config = { plugin: [], model: "acme/large" };
    const other = await seen(config, { env: { PATH: `${bin}:/usr/bin:/bin` } });
    const none = await seen(config, { env: { PATH: join(sandbox.home, "nothing") } });
    rmSync(plugins, { recursive: true });
    expect(other).toContain(`${join(bin, "oidc-token")} does not answer as oidc-token does`);
    expect(none).toContain("there is none on PATH: run `npm install --global oidc-token`");
  });
});

describe.skipIf(openCodeMissing)(named("Trouble on the way of an OpenCode request"), () => {
  const setting = signedInSetting();

  async function run(): Promise<{ shown: string; code: number | null }> {
    const { code, stdout, stderr } = await setting.opencode.run(["run", "hi"]);
    return { shown: (stdout + stderr).replaceAll("\u2060", ""), code };
  }

  test("while the provider is away a run says so and ends after three attempts, and no request goes out", async () => {
    setting.provider.behaviour.access_token_ttl = 1;
    await setting.sandbox.run(["refresh"]);
    setting.provider.behaviour.access_token_ttl = 3600;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    setting.gateway.requests.length = 0;
    await setting.provider.fault({ kind: "answer", status: 503, body: "", path: "/token" });
    const { shown, code } = await run();
    await setting.provider.fault(undefined);
    expect(shown).toContain("is out of order (503) (tried 3 times)");
    expect(code).toBe(1);
    expect(setting.gateway.requests).toEqual([]);
  });

  test("a gateway that refuses every token costs one refresh, is quoted, and gets no token twice", async () => {
    setting.gateway.before = (credential) => void (credential && setting.gateway.revoked.add(credential));
    // What the test before has left is expired, and renewed for that alone.
    await setting.sandbox.run(["refresh"]);
    const before = setting.refreshes();
    const { shown, code } = await run();
    setting.gateway.before = undefined;
    expect(code).toBe(1);
    expect(shown).toContain(
      'refuses the token of profile "acme", and a renewed one as well: token revoked; check',
    );
    const sent = setting.gateway.requests.filter(({ path }) => path.includes("chat"));
    expect(new Set(sent.map(({ credential }) => credential)).size).toBeLessThanOrEqual(2);
    expect(setting.refreshes() - before).toBeLessThanOrEqual(2);
  });
});
