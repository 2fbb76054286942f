import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type SeenRequest, startGateway } from "../support/gateway.js";
import { promptFor } from "../support/model-server.js";
import { OpenCodeServer } from "../support/opencode-server.js";
import {
  named,
  openCodeMissing,
  type Setting,
  STATIC_KEY,
  startSetting,
} from "../support/opencode-setting.js";

const SUB_AGENT = "words for the sub-agent";

/** What OpenCode wanted of the model, by what it tells the model to be. */
function kindOf({ body }: SeenRequest): string {
  const { messages } = JSON.parse(body) as { messages: { role: string; content: unknown }[] };
  const system = JSON.stringify(messages[0]?.content);
  if (system.includes("title generator")) return "title";
  if (system.includes("context summarization")) return "compaction";
  if (system.includes("agent architect")) return "agent create";
  const user = messages.find(({ role }) => role === "user");
  return JSON.stringify(user?.content).includes(SUB_AGENT) ? "sub-agent" : "main";
}

describe.skipIf(openCodeMissing)(named("OpenCode's requests"), () => {
  let setting: Setting;
  let server: OpenCodeServer | undefined;
  beforeAll(async () => {
    setting = await startSetting();
  });
  afterAll(() => setting?.stop());
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });
  beforeEach(() => {
    setting.gateway.requests.length = 0;
    setting.gateway.before = undefined;
    setting.sandbox.configure({ profiles: { acme: setting.profile() } });
    setting.opencode.configure({ model: "acme/large", small_model: "acme/small" });
  });

  async function startServer(): Promise<OpenCodeServer> {
    server = await OpenCodeServer.start(setting.opencode);
    return server;
  }

  test("signed out, a run ends with one clear message, and nothing reaches the gateway", async () => {
    const { code, stdout, stderr } = await setting.opencode.run(["run", "hi"]);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain(
      'not signed in to profile "acme"; run: oidc-token login --profile acme',
    );
    expect((stdout + stderr).match(/not signed in/g)).toHaveLength(1);
    expect(setting.gateway.requests).toEqual([]);
  });

  test("signed out, a message is answered with that within 10 s", async () => {
    const server = await startServer();
    const session = await server.newSession();
    // The first message of all starts much else in OpenCode.
    await server.say(session, "hi");
    const begun = performance.now();
    expect((await server.say(session, "hi")).error).toContain('not signed in to profile "acme"');
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test("main, title, sub-agent, compaction and agent create: each one comes with the user's token", async () => {
    await setting.signIn();
    const server = await startServer();
    const session = await server.newSession();
    const task = { description: "ask", prompt: SUB_AGENT, subagent_type: "general" };
    const reply = await server.say(session, promptFor({ name: "task", arguments: task }));
    expect(reply.text).toContain("Hello from the model");
    await server.call("POST", `/session/${session}/summarize`, { providerID: "acme", modelID: "large" });
    const create = ["agent", "create", "--description", "reviews", "--mode", "all", "--permissions", "read"];
    const outcome = await setting.opencode.run([
      ...create,
      "--path",
      setting.opencode.project,
      "--model",
      "acme/large",
    ]);
    expect(outcome.code).toBe(0);

    const { requests } = setting.gateway;
    const chats = requests.filter(({ path }) => path === "/v1/chat/completions");
    expect(new Set(chats.map(kindOf))).toEqual(
      new Set(["title", "main", "sub-agent", "compaction", "agent create"]),
    );
    expect(requests.filter(({ allowed }) => !allowed)).toEqual([]);
    const token = (await setting.sandbox.run(["get"])).stdout.trim();
    expect(new Set(requests.map(({ headers }) => headers.authorization))).toEqual(
      new Set([`Bearer ${token}`]),
    );
    expect(requests.length).toBeGreaterThanOrEqual(6);
  });

  test("no node is needed: OpenCode's own runtime runs the command", async () => {
    const nothing = join(setting.sandbox.home, "nothing");
    mkdirSync(nothing, { recursive: true });
    const { code, stdout } = await setting.opencode.run(["run", "hi"], { env: { PATH: nothing } });
    expect(stdout).toContain("Hello from the model");
    expect(code).toBe(0);
  });

  test("ten requests refused at once make one refresh, and all are answered", async () => {
    const server = await startServer();
    const sessions = await Promise.all(Array.from({ length: 10 }, () => server.newSession()));
    const revoked = (await setting.sandbox.run(["get"])).stdout.trim();
    const before = setting.refreshes();
    let waiting = 0;
    let all = () => {};
    const together = new Promise<void>((resolve) => {
      all = resolve;
    });
    setting.gateway.revoked.add(revoked);
    setting.gateway.before = (credential) => {
      if (credential !== revoked) return;
      waiting += 1;
      if (waiting === 10) all();
      return together;
    };
    const replies = await Promise.all(sessions.map((session) => server.say(session, "hi")));
    expect(replies.map(({ text }) => text)).toEqual(Array(10).fill("Hello from the model"));
    expect(waiting).toBeGreaterThanOrEqual(10);
    expect(setting.refreshes() - before).toBe(1);
    expect(setting.gateway.requests.filter(({ credential }) => credential === undefined)).toEqual([]);
  });

  test("a token that expires between two requests goes unnoticed", async () => {
    setting.provider.behaviour.access_token_ttl = 16;
    await setting.sandbox.run(["refresh"]);
    const pause = { name: "bash", arguments: { command: "sleep 17", description: "wait" } };
    const { code, stdout } = await setting.opencode.run(["run", promptFor(pause)]);
    setting.provider.behaviour.access_token_ttl = 3600;
    await setting.sandbox.run(["refresh"]);
    expect(code).toBe(0);
    expect(stdout).toContain("The last tool said");
    expect(setting.gateway.requests.filter(({ allowed }) => !allowed)).toEqual([]);
    const main = setting.gateway.requests.filter((seen) => seen.body !== "" && kindOf(seen) === "main");
    expect(main).toHaveLength(2);
    expect(main[0]?.credential).not.toBe(main[1]?.credential);
  });

  test("while the provider is in trouble OpenCode tries again, and gets its answer", async () => {
    setting.provider.behaviour.access_token_ttl = 1;
    await setting.sandbox.run(["refresh"]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    setting.provider.behaviour.access_token_ttl = 3600;
    const server = await startServer();
    const session = await server.newSession();
    await setting.provider.fault({ kind: "answer", status: 503, body: "", path: "/token" });
    setTimeout(() => void setting.provider.fault(undefined), 4000);
    expect(await server.say(session, "hi")).toEqual({ text: "Hello from the model", error: undefined });
    expect(setting.gateway.requests.filter(({ credential }) => credential === undefined)).toEqual([]);
  });

  test("a profile's own header carries the key, and no other header does", async () => {
    const byHeader = await startGateway({
      keys: [STATIC_KEY],
      header: "x-api-key",
      upstream: setting.model.url,
    });
    const key = { flow: "static_key", key: "{env:LLM_KEY}", header: "x-api-key", base_url: byHeader.url };
    setting.sandbox.configure({ profiles: { keyed: key } });
    setting.opencode.configure({ model: "keyed/large" });
    const { stdout } = await setting.opencode.run(["run", "hi"], { env: { LLM_KEY: STATIC_KEY } });
    await byHeader.stop();
    expect(stdout).toContain("Hello from the model");
    expect(byHeader.requests.length).toBeGreaterThanOrEqual(2);
    for (const { headers } of byHeader.requests) {
      expect(headers["x-api-key"]).toBe(STATIC_KEY);
      expect(headers.authorization).toBeUndefined();
    }
  });

  test("a project that points baseURL elsewhere never gets the token, and is told why", async () => {
    const elsewhere = await startGateway({});
    const project = join(setting.sandbox.home, "hostile");
    mkdirSync(project);
    const options = { baseURL: elsewhere.url, apiKey: "sk-of-the-project" };
    writeFileSync(join(project, "opencode.json"), JSON.stringify({ provider: { acme: { options } } }));
    const { code, stdout, stderr } = await setting.opencode.run(["run", "hi"], { cwd: project });
    await elsewhere.stop();
    expect(code).toBe(1);
    expect((stdout + stderr).replaceAll("\u2060", "")).toContain(
      `the token of profile "acme" is for ${setting.gateway.origin}, not for ${elsewhere.origin}`,
    );
    expect(elsewhere.requests).toEqual([]);
  });

  test("a gateway that redirects elsewhere does not pass the token on", async () => {
    const elsewhere = await startGateway({});
    const redirecting = await startRedirect(elsewhere.url);
    setting.sandbox.configure({ profiles: { acme: setting.profile({ base_url: redirecting.url }) } });
    await setting.signIn();
    const { code, stdout, stderr } = await setting.opencode.run(["run", "hi"]);
    await redirecting.stop();
    await elsewhere.stop();
    expect(code).toBe(1);
    expect((stdout + stderr).replaceAll("\u2060", "")).toContain(`not for ${elsewhere.origin}`);
    expect(redirecting.hits()).toBeGreaterThanOrEqual(1);
    expect(elsewhere.requests).toEqual([]);
  });

  test("a project's .env and bunfig.toml have no say in how the command runs", async () => {
    await setting.signIn();
    const project = join(setting.sandbox.home, "planted");
    mkdirSync(project);
    writeFileSync(join(project, ".env"), `OIDC_TOKEN_CONFIG=${join(project, "config.jsonc")}\n`);
    writeFileSync(join(project, "bunfig.toml"), 'preload = ["./planted.js"]\n');
    const trace = join(setting.sandbox.home, "planted-code-ran");
    writeFileSync(join(project, "planted.js"), `require("fs").writeFileSync(${JSON.stringify(trace)}, "")`);
    writeFileSync(join(project, "config.jsonc"), "{}");
    const { code, stdout } = await setting.opencode.run(["run", "hi"], { cwd: project });
    expect(stdout).toContain("Hello from the model");
    expect(code).toBe(0);
    expect(existsSync(trace)).toBe(false);
  });
});

/** A server that answers every request with 307 to the same path below `target`. */
async function startRedirect(target: string) {
  let hits = 0;
  const server = createServer((request, response) => {
    hits += 1;
    request.resume();
    response.writeHead(307, { location: `${target}${request.url?.replace(/^\/v1/, "")}` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    hits: () => hits,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}
