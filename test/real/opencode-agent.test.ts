import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promptFor, type ToolCall } from "../support/model-server.js";
import { OpenCodeServer } from "../support/opencode-server.js";
import { named, openCodeMissing, type Setting, startSetting } from "../support/opencode-setting.js";
import { CLIENTS } from "../support/provider.js";

describe.skipIf(openCodeMissing)(named("An agent in OpenCode"), () => {
  let setting: Setting;
  let server: OpenCodeServer;
  let secretFile: string;
  beforeAll(async () => {
    setting = await startSetting();
    secretFile = join(setting.sandbox.home, "client-secret");
    writeFileSync(secretFile, CLIENTS.basic.client_secret);
    const { client_id } = CLIENTS.basic;
    const profile = setting.profile({ client_id, client_secret: `{file:${secretFile}}` });
    setting.sandbox.configure({ profiles: { acme: profile } });
    setting.opencode.configure({ model: "acme/large", permission: "allow" });
    await setting.signIn();
    server = await OpenCodeServer.start(setting.opencode);
  });
  afterAll(() => setting?.stop());

  /** What the model is told after it has called these tools. */
  async function told(...calls: ToolCall[]): Promise<string> {
    return (await server.say(await server.newSession(), promptFor(...calls))).text;
  }
  const bash = (command: string): ToolCall => ({ name: "bash", arguments: { command, description: "run" } });
  const read = (filePath: string): ToolCall => ({ name: "read", arguments: { filePath } });

  test("can ask who is signed in, and sees no token", async () => {
    const answer = await told({ name: "oidc_token_status", arguments: {} });
    expect(answer).toContain('"signed_in":true');
    const token = (await setting.sandbox.run(["get"])).stdout.trim();
    expect(answer).not.toContain(token.slice(0, 40));
  });

  test("can have the token renewed, and sees no token", async () => {
    const before = setting.refreshes();
    expect(await told({ name: "oidc_token_refresh", arguments: {} })).toBe(
      "The last tool said: acme: renewed",
    );
    expect(setting.refreshes() - before).toBe(1);
  });

  test("is kept from the store, by its path and by a path relative to the project", async () => {
    const store = join(setting.sandbox.home, "data", "oidc-token");
    for (const call of [read(join(store, "tokens")), read("../data/oidc-token"), bash(`ls -R ${store}`)]) {
      expect(await told(call)).toContain("oidc-token keeps its store");
    }
  });

  test("is kept from the files that hold a profile's secrets", async () => {
    for (const call of [read(secretFile), bash(`cat ${secretFile}`), bash("cat ~/client-secret")]) {
      const answer = await told(call);
      expect(answer).toContain("oidc-token keeps its store and the files that hold its secrets from tools");
      expect(answer).not.toContain(CLIENTS.basic.client_secret);
    }
  });

  test("is kept from running oidc-token get, also as a sub-agent", async () => {
    expect(await told(bash("npx oidc-token --profile acme get"))).toContain(
      "oidc-token gives tools no token",
    );
    const prompt = promptFor(bash("oidc-token get"));
    const task = { name: "task", arguments: { description: "ask", prompt, subagent_type: "general" } };
    expect(await told(task)).toContain("oidc-token gives tools no token");
  });

  test("is not kept from anything else", async () => {
    writeFileSync(join(setting.opencode.project, "notes.txt"), "oidc-token is installed; get it from npm");
    expect(await told(read(join(setting.opencode.project, "notes.txt")))).toContain("get it from npm");
    expect(await told(bash("echo oidc-token status"))).toContain("oidc-token status");
  });
});
