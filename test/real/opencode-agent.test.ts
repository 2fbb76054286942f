import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type AgentCall, furnish, hostileCalls, innocentCalls } from "../support/agent-calls.js";
import { BIN } from "../support/command.js";
import { promptFor, type ToolCall } from "../support/model-server.js";
import { OpenCodeServer } from "../support/opencode-server.js";
import {
  named,
  openCodeMissing,
  type Setting,
  STATIC_KEY,
  startSetting,
} from "../support/opencode-setting.js";
import { CLIENTS } from "../support/provider.js";

/** A secret that only a variable holds. */
const VARIABLE = "secret-of-a-variable";

describe.skipIf(openCodeMissing)(named("An agent in OpenCode"), () => {
  let setting: Setting;
  let server: OpenCodeServer;
  let secretFile: string;
  beforeAll(async () => {
    setting = await startSetting();
    secretFile = join(setting.sandbox.home, "client-secret");
    writeFileSync(secretFile, CLIENTS.basic.client_secret);
    furnish(setting.sandbox.home);
    const variable = {
      flow: "static_key",
      key: "{env:LLM_CLIENT_SECRET}",
      allowed_origins: "https://a.test",
    };
    const keyed = { flow: "static_key", key: "{keyring}", allowed_origins: "https://llm.example.test" };
    const profiles = { acme: setting.profile(client()), keyed, variable };
    setting.sandbox.configure({ default_profile: "acme", profiles });
    setting.opencode.configure({ model: "acme/large", permission: "allow" });
    await setting.signIn();
    expect((await setting.sandbox.run(["login", "-p", "keyed"], { input: STATIC_KEY })).code).toBe(0);
    const bin = join(setting.sandbox.home, "bin");
    mkdirSync(bin);
    symlinkSync(BIN, join(bin, "oidc-token"));
    const env = { PATH: `${bin}:${setting.sandbox.env.PATH}`, LLM_CLIENT_SECRET: VARIABLE };
    server = await OpenCodeServer.start(setting.opencode, { env });
  });
  afterAll(() => setting?.stop());

  const client = () => ({
    client_id: CLIENTS.basic.client_id,
    client_secret: `{file:${secretFile}}`,
  });

  /** What the model is told after it has called these tools. */
  async function told(...calls: ToolCall[]): Promise<string> {
    return (await server.say(await server.newSession(), promptFor(...calls))).text;
  }
  /** What the model is told after each of these calls, all in one conversation. */
  async function answersTo(calls: readonly AgentCall[]): Promise<string[]> {
    const session = await server.newSession();
    await server.say(session, promptFor(...calls.map(({ tool, args }) => ({ name: tool, arguments: args }))));
    const messages = (await server.call("GET", `/session/${session}/message`)) as {
      readonly parts: readonly {
        readonly type: string;
        readonly state?: { output?: string; error?: string };
      }[];
    }[];
    const tools = messages.flatMap(({ parts }) => parts.filter(({ type }) => type === "tool"));
    expect(tools).toHaveLength(calls.length);
    return tools.map(({ state }) => state?.output ?? state?.error ?? "");
  }
  const store = () => {
    const tokens = join(setting.sandbox.home, "data", "oidc-token", "tokens");
    return readdirSync(tokens)
      .filter((name) => name.endsWith(".json"))
      .map((name) => readFileSync(join(tokens, name), "utf8"))
      .join("\n");
  };
  const tokenNow = async () => (await setting.sandbox.run(["get"])).stdout.trim();
  const bash = (command: string): ToolCall => ({ name: "bash", arguments: { command, description: "run" } });

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

  test("gets no secret by any of the hostile calls, nor does a file change", async () => {
    const { home } = setting.sandbox;
    const kept = store();
    const [, refresh_token = "none"] = /"refresh_token":\s*"([^"]+)"/.exec(kept) ?? [];
    expect(refresh_token.length).toBeGreaterThan(20);
    const token = await tokenNow();
    const wrong: unknown[] = [];
    const calls = hostileCalls(home).filter(({ elsewhere }) => !elsewhere);
    const answers = await answersTo(calls);
    for (const [at, { by, ...call }] of calls.entries()) {
      const answer = answers[at] ?? "";
      const secrets = [refresh_token, token, CLIENTS.basic.client_secret, STATIC_KEY, VARIABLE];
      const leaked = secrets.some((secret) => answer.includes(secret)) || /eyJ[\w-]{30}/.test(answer);
      const stopped = by === "guard" ? answer.includes("oidc-token keeps its store") : !/"key"/.test(answer);
      if (leaked || !stopped) wrong.push([call, answer.slice(0, 300)]);
    }
    expect(wrong).toEqual([]);
    expect(store()).toBe(kept);
    expect(readFileSync(secretFile, "utf8")).toBe(CLIENTS.basic.client_secret);
  });

  test("is kept from none of the innocent calls", async () => {
    const { home } = setting.sandbox;
    const wrong: unknown[] = [];
    const calls = innocentCalls(home).filter(({ elsewhere }) => !elsewhere);
    const answers = await answersTo(calls);
    for (const [at, call] of calls.entries()) {
      const answer = answers[at] ?? "";
      if (/unavailable tool|arguments provided to the tool are invalid/.test(answer))
        wrong.push([call, answer]);
      if (/oidc-token (?:keeps|gives)|gives no token/.test(answer)) wrong.push([call, answer.slice(0, 300)]);
    }
    expect(wrong).toEqual([]);
  });

  test("is kept from running oidc-token get as a sub-agent, in a terminal (PTY) and by !cmd as well", async () => {
    const prompt = promptFor(bash("oidc-token get"));
    const task = { name: "task", arguments: { description: "ask", prompt, subagent_type: "general" } };
    expect(await told(task)).toContain("gives no token to the shell of an agent");

    const session = await server.newSession();
    const shell = await server.call("POST", `/session/${session}/shell`, {
      agent: "build",
      // A login shell, which may set its PATH anew.
      command: `${join(setting.sandbox.home, "bin", "oidc-token")} get; echo "[$LLM_CLIENT_SECRET]"`,
    });
    expect(JSON.stringify(shell)).toContain("gives no token to the shell of an agent");
    expect(JSON.stringify(shell)).toContain("[]");

    const file = join(setting.sandbox.home, "pty");
    await server.call("POST", "/pty", {
      command: "/bin/sh",
      args: [
        "-c",
        `(oidc-token get; echo "[$LLM_CLIENT_SECRET] $OIDC_TOKEN_AGENT") >${file}.part 2>&1; mv ${file}.part ${file}`,
      ],
    });
    await vi.waitFor(() => readFileSync(file), { timeout: 60_000 });
    expect(readFileSync(file, "utf8")).toMatch(/gives no token to the shell of an agent[\s\S]*\[\] 1\n$/);
  });

  test("gets the token of a profile that allows it", async () => {
    setting.sandbox.configure({ profiles: { acme: setting.profile({ ...client(), agent: "allow" }) } });
    expect(await told(bash("oidc-token get"))).toMatch(/eyJ[\w-]{30}/);
  });
});
