import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import plugin from "../../../src/opencode/plugin.js";
import { type Gateway, startGateway } from "../../support/gateway.js";
import { type PlainMcpServer, startPlainMcpServer } from "../../support/plain-mcp-server.js";
import { type Behaviour, CommandDouble } from "./command-double.js";

interface Entry {
  readonly type: string;
  readonly url: string;
  readonly oauth?: unknown;
  readonly enabled?: boolean;
  readonly headers?: Record<string, string>;
}

describe("a remote MCP server", () => {
  let mcp: PlainMcpServer;
  let gateway: Gateway;
  let double: CommandDouble;
  let dispose: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    mcp = await startPlainMcpServer();
    gateway = await startGateway({ upstream: mcp.url, keys: ["token-1", "token-2"] });
  });
  beforeEach(() => {
    double = new CommandDouble();
  });
  afterEach(async () => {
    await dispose?.();
    double.dispose();
    gateway.revoked.clear();
    gateway.requests.length = 0;
  });
  afterAll(() => Promise.all([mcp.stop(), gateway.stop()]));

  const token = (access_token: string) => ({ stdout: JSON.stringify({ access_token }) });
  const behave = (facts: object, behaviour: Behaviour = {}) => {
    const profile = { profile: "acme", provider: "acme", flow: "device_code", default: true, mcp: true };
    const header = { header: "Authorization", header_scheme: "Bearer", allowed_origins: [gateway.origin] };
    const profiles = { stdout: JSON.stringify([{ ...profile, ...header, ...facts }]) };
    double.behave({ profiles, get: token("token-1"), "get refused": token("token-2"), ...behaviour });
  };

  async function configured(entry: object = {}, options: object = {}): Promise<Entry> {
    const hooks = await plugin.server({ directory: "/project" }, { command: double.command, ...options });
    dispose = hooks.dispose;
    const config = { mcp: { company: { type: "remote", url: `${gateway.url}/mcp`, ...entry } as Entry } };
    await hooks.config(config);
    return config.mcp.company;
  }

  /** As OpenCode 1.18 makes its transports: headers that stand for good, and the older one where the first fails. */
  async function connected({ url, headers = {} }: Entry): Promise<Client> {
    const client = new Client({ name: "opencode", version: "1.18.33" });
    const options = { requestInit: { headers } };
    try {
      await client.connect(new StreamableHTTPClientTransport(new URL(url), options) as never);
    } catch {
      await client.connect(new SSEClientTransport(new URL(url), options));
    }
    return client;
  }
  const count = async (client: Client) =>
    ((await client.callTool({ name: "count", arguments: {} })).content as { text: string }[])[0]?.text;

  /** What each call of a tool carried; the client keeps a stream open besides. */
  const calls = () =>
    gateway.requests.flatMap(({ body, credential }) => (body.includes("tools/call") ? [credential] : []));

  test("gets the token that is valid at each call, in one session", async () => {
    behave({});
    const client = await connected(await configured());
    expect(await count(client)).toBe("call 1 of this session");
    behave({}, { get: token("token-2") });
    gateway.revoked.add("token-1");
    gateway.requests.length = 0;
    expect(await count(client)).toBe("call 2 of this session");
    expect(calls()).toEqual(["token-2"]);
    await client.close();
  });

  test("that refuses a token gets a renewed one, once", async () => {
    behave({});
    const client = await connected(await configured());
    gateway.revoked.add("token-1");
    gateway.requests.length = 0;
    expect(await count(client)).toBe("call 1 of this session");
    expect(calls()).toEqual(["token-1", "token-2"]);
    await client.close();
  });

  test("is asked through an address of this machine with a key, without OAuth, its other headers kept", async () => {
    behave({});
    const { url, oauth, headers } = await configured({ headers: { "x-tenant": "a" } });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\/mcp$/);
    expect(oauth).toBe(false);
    expect(headers).toEqual({ "x-tenant": "a", Authorization: expect.stringMatching(/^Bearer [\w-]{43}$/) });
    for (const wrong of [{}, { Authorization: "Bearer x" }, { ...headers, origin: "https://evil.example" }]) {
      expect((await fetch(url, { method: "POST", headers: wrong as Record<string, string> })).status).toBe(
        403,
      );
    }
    await fetch(url, { method: "POST", headers: headers ?? {}, body: "{}" });
    expect(gateway.requests.map(({ path, headers }) => [path, headers["x-tenant"]])).toEqual([
      ["/v1/mcp", "a"],
    ]);
  });

  test("can't be left for another origin by what stands in the path", async () => {
    behave({});
    const { url, headers } = await configured();
    await fetch(`${new URL(url).origin}//evil.example/x`, { headers: headers ?? {} });
    expect(gateway.requests.map(({ path }) => path)).toEqual(["//evil.example/x"]);
  });

  test("shows why there is no token where OpenCode shows the reason of a connection that failed", async () => {
    const stderr = 'oidc-token: not signed in to profile "acme"\noidc-token: hint: run: oidc-token login\n';
    behave({}, { get: { code: 3, stderr } });
    const entry = await configured();
    await expect(connected(entry)).rejects.toThrow('not signed in to profile "acme"; run: oidc-token login');
    expect(gateway.requests).toEqual([]);
  });

  test("named in the options gets the token where its origin is allowed, else says so and sends nothing", async () => {
    behave({ mcp: false });
    const named = { mcp: { company: { profile: "acme" } } };
    const client = await connected(await configured({ headers: { Authorization: "own" } }, named));
    expect(await count(client)).toContain("call 1 of");
    await client.close();
    await dispose?.();
    gateway.requests.length = 0;
    behave({ mcp: true, allowed_origins: ["https://llm.example"] });
    await expect(connected(await configured({}, named))).rejects.toThrow(
      "is for https://llm.example, not for",
    );
    await dispose?.();
    await expect(connected(await configured({}, { mcp: { company: { profile: "typo" } } }))).rejects.toThrow(
      'oidc-token has no profile "typo"',
    );
    expect(gateway.requests).toEqual([]);
  });

  test.each([
    ["of a profile that does not say so", { mcp: false }, {}],
    ["at another origin", { allowed_origins: ["https://llm.example"] }, {}],
    ["that runs here", {}, { type: "local" }],
    ["that is switched off", {}, { enabled: false }],
    ["with a header of its own", {}, { headers: { authorization: "Bearer own" } }],
    ["with a client of its own", {}, { oauth: { clientId: "x" } }],
    ["whose address is none", {}, { url: "no address" }],
  ])("%s is left as it is", async (_what, facts, entry) => {
    behave(facts);
    expect(await configured(entry)).toEqual({ type: "remote", url: `${gateway.url}/mcp`, ...entry });
  });
});
