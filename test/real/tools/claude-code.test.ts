import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Bench } from "../../support/tools/bench.js";
import { fromNpm } from "../../support/tools/installed.js";
import { type McpServer, startMcpServer } from "../../support/tools/mcp-server.js";
import { HELLO, type ModelApis, startModelApis } from "../../support/tools/model-apis.js";

const PACKAGE = `@anthropic-ai/claude-code-${process.platform}-${process.arch}`;
const claude = fromNpm(`${PACKAGE}@2.1.197`);
/** Without comments: Claude Code would read none of it. */
const SETTINGS = '{\n  "theme": "dark",\n  "env": { "MINE": "1" }\n}\n';

describe.skipIf(claude.missing)(claude.named("Claude Code"), () => {
  let models: ModelApis;
  let mcp: McpServer;
  beforeAll(async () => {
    models = await startModelApis();
    mcp = await startMcpServer();
  });
  afterAll(async () => {
    await models?.stop();
    await mcp?.stop();
  });

  test("asks its gateway with tokens from apiKeyHelper, before and after an expiry and a 401", async () => {
    const bench = await Bench.start({ upstream: models.url });
    try {
      bench.file(".claude/settings.json", SETTINGS);
      await bench.setup("claude-code");
      await bench.live(async () => {
        const { stdout, stderr } = await bench.run(join(claude.path ?? "", PACKAGE, "claude"), ["-p", "hi"]);
        expect(stdout + stderr).toContain(HELLO);
      }, "recovers");
      expect(await bench.undo("claude-code")).toEqual([]);
    } finally {
      await bench.stop();
    }
  });

  test("connects to an MCP server with the headers from headersHelper, before and after an expiry", async () => {
    const bench = await Bench.start({ upstream: mcp.url });
    try {
      await bench.setup("claude-code-mcp", "--url", `${bench.gateway.url}/mcp`);
      await bench.live(async () => {
        const { stdout, stderr } = await bench.run(join(claude.path ?? "", PACKAGE, "claude"), [
          "mcp",
          "list",
        ]);
        expect(stdout + stderr).toContain("Connected");
      }, "does not ask again");
      const seen = bench.gateway.requests.filter(({ allowed }) => allowed);
      expect(seen.length).toBeGreaterThan(1);
      // Claude Code itself writes other things into the same file.
      expect(JSON.stringify(await bench.undo("claude-code-mcp"))).not.toContain("config.jsonc");
    } finally {
      await bench.stop();
    }
  });
});
