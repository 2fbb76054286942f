import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Bench } from "../../support/tools/bench.js";
import { json, startGuarded } from "../../support/tools/guarded.js";
import { fromNpm, onPath } from "../../support/tools/installed.js";
import { GREETING, MCP, type McpServer, mcpSdk, startMcpServer } from "../../support/tools/mcp-server.js";
import { HELLO, type ModelApis, startModelApis } from "../../support/tools/model-apis.js";

const npm = onPath("npm", true);
const gemini = fromNpm("@google/gemini-cli@0.61.0");
const remote = fromNpm("mcp-remote@0.15.1");

describe.skipIf(npm.missing)(npm.named("npm through exec"), () => {
  test("reads a package with the token of its start, another after an expiry; without exec it is refused", async () => {
    const bench = await Bench.start();
    const dist = { tarball: "http://127.0.0.1:9/x.tgz", shasum: "0".repeat(40) };
    const versions = { "1.2.3": { name: "demo", version: "1.2.3", dist } };
    const server = await startGuarded(bench.provider, {
      challenge: "Bearer",
      answer: (_request, response) =>
        json(response, { name: "demo", "dist-tags": { latest: "1.2.3" }, versions }),
    });
    try {
      bench.file(".npmrc", "; mine\nsave-exact=true\n");
      await bench.setup("npm", "--url", `${server.url}/`);
      const view = ["npm", "view", "demo", "version", "--registry", `${server.url}/`, "--fetch-retries=0"];
      const env = { npm_config_userconfig: undefined, npm_config_cache: join(bench.home, "npm-cache") };
      const use = () => bench.run("oidc-token", ["exec", "--", ...view], { env });
      await bench.live(async () => {
        const { code, stdout, stderr } = await use();
        expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: "1.2.3\n" });
      }, "does not ask again");
      expect((await bench.run("npm", view.slice(1), { env })).code).not.toBe(0);
      server.revoked.add(bench.tokens.tokens.access_token);
      expect((await use()).code).not.toBe(0);
      expect(await bench.undo("npm")).toEqual([]);
    } finally {
      await server.stop();
      await bench.stop();
    }
  });
});

describe.skipIf(gemini.missing)(gemini.named("Gemini CLI through exec --serve"), () => {
  let models: ModelApis;
  beforeAll(async () => {
    models = await startModelApis();
  });
  afterAll(() => models?.stop());

  test("asks its gateway by an address of its own, before and after an expiry and a 401", async () => {
    const bench = await Bench.start({
      upstream: `${models.url}/v1`,
      profile: (origin) => ({ base_url: `${origin}/v1beta`, api: "gemini" }),
    });
    try {
      bench.file(".gemini/settings.json", '{\n  // mine\n  "ui": { "theme": "Default" }\n}\n');
      await bench.setup("gemini");
      const program = join(gemini.path ?? "", "@google", "gemini-cli", "bundle", "gemini.js");
      const env = { GEMINI_CLI_TRUST_WORKSPACE: "true", GEMINI_TELEMETRY_ENABLED: "false" };
      await bench.live(async () => {
        const words = [
          "exec",
          "--serve",
          "--",
          process.execPath,
          program,
          "-p",
          "hi",
          "-m",
          "gemini-2.5-flash",
        ];
        const { stdout, stderr } = await bench.run("oidc-token", words, { env });
        expect(stdout + stderr).toContain(HELLO);
      }, "recovers");
      expect(await bench.undo("gemini")).toEqual([]);
    } finally {
      await bench.stop();
    }
  });
});

describe.skipIf(MCP.missing || remote.missing)(remote.named(MCP.named("MCP through serve")), () => {
  let server: McpServer;
  let bench: Bench;
  beforeAll(async () => {
    server = await startMcpServer();
    bench = await Bench.start({ upstream: server.url });
  });
  afterAll(async () => {
    await bench?.stop();
    await server?.stop();
  });

  /** `serve --json` until the work is done. */
  async function served(work: (address: string, key: string) => Promise<void>): Promise<void> {
    const serve = bench.sandbox.start(["serve", "--json"], { env: bench.env, input: "", limit: 60_000 });
    try {
      let said = "";
      for await (const chunk of serve.stdout ?? []) {
        said += chunk;
        if (said.includes("\n")) break;
      }
      const { url, key } = JSON.parse(said) as { url: string; key: string };
      await work(url.replace(/\/$/, ""), key);
    } finally {
      serve.kill("SIGTERM");
      await serve.outcome;
    }
  }

  test("a client of the SDK calls a tool over an address and a key, through an expiry and a 401", async () => {
    const { Client } = await mcpSdk("client/index.js");
    const { StreamableHTTPClientTransport } = await mcpSdk("client/streamableHttp.js");
    await served(async (address, key) => {
      const use = async (): Promise<void> => {
        const client = new Client({ name: "test", version: "1" });
        await client.connect(
          new StreamableHTTPClientTransport(new URL(`${address}/mcp`), {
            requestInit: { headers: { Authorization: `Bearer ${key}` } },
          }),
        );
        const { content } = await client.callTool({ name: "greet", arguments: {} });
        await client.close();
        expect(content).toEqual([{ type: "text", text: GREETING }]);
      };
      await use();
      const { refreshes } = bench;
      // The next token is over before it is used a second time.
      bench.provider.behaviour.access_token_ttl = 2;
      bench.gateway.revoked.add(bench.tokens.tokens.access_token);
      await use();
      expect(bench.refreshes).toBeGreaterThan(refreshes);
      await new Promise((resolve) => setTimeout(resolve, 2500));
      bench.provider.behaviour.access_token_ttl = 3600;
      await use();
      expect(bench.refreshes).toBeGreaterThan(refreshes + 1);
    });
  });

  test("mcp-remote, and so what only starts programs, calls a tool the same way", async () => {
    const { Client } = await mcpSdk("client/index.js");
    const { StdioClientTransport } = await mcpSdk("client/stdio.js");
    await served(async (address, key) => {
      const program = join(remote.path ?? "", "mcp-remote", "dist", "proxy.js");
      // biome-ignore lint/suspicious/noTemplateCurlyInString: mcp-remote replaces it
      const header = "Authorization:${KEY}";
      const transport = new StdioClientTransport({
        command: process.execPath,
        args: [program, `${address}/mcp`, "--header", header, "--allow-http"],
        env: { ...bench.env, KEY: `Bearer ${key}` },
        stderr: "ignore",
      });
      const client = new Client({ name: "test", version: "1" });
      await client.connect(transport);
      const { content } = await client.callTool({ name: "greet", arguments: {} });
      await client.close();
      expect(content).toEqual([{ type: "text", text: GREETING }]);
    });
  });
});
