import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Bench } from "../../support/tools/bench.js";
import { fromNpm } from "../../support/tools/installed.js";
import { type McpServer, startMcpServer } from "../../support/tools/mcp-server.js";
import { HELLO, type ModelApis, startModelApis } from "../../support/tools/model-apis.js";

const codex = fromNpm(`@openai/codex@0.169.0-${process.platform}-${process.arch}`);
const CONFIG = '# mine\nmodel = "m" # the only one\n\n[analytics]\nenabled = false\n';

describe.skipIf(codex.missing)(codex.named("Codex"), () => {
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

  function program(): string {
    const vendor = join(codex.path ?? "", "@openai", "codex", "vendor");
    const target = `${process.arch === "arm64" ? "aarch64" : "x86_64"}-unknown-linux-musl`;
    return (
      ["bin", "codex"]
        .map((folder) => join(vendor, target, folder, "codex"))
        .find((path) => existsSync(path)) ?? ""
    );
  }
  const exec = ["exec", "--skip-git-repo-check", "hi"];

  test("asks its gateway with tokens from `auth`, before and after an expiry and a 401", async () => {
    const bench = await Bench.start({ upstream: models.url });
    try {
      bench.file(".codex/config.toml", CONFIG);
      await bench.setup("codex");
      await bench.live(async () => {
        const { stdout, stderr } = await bench.run(program(), exec);
        expect(stdout + stderr).toContain(HELLO);
      }, "recovers");
      expect(await bench.undo("codex")).toEqual([]);
    } finally {
      await bench.stop();
    }
  });

  test("connects to an MCP server with headers from http_headers_helper, which gets HOME and PATH alone", async () => {
    const bench = await Bench.start({ upstream: models.url });
    const tools = await Bench.start({ upstream: mcp.url });
    try {
      tools.file(".codex/config.toml", CONFIG);
      await tools.setup("codex-mcp", "--url", `${tools.gateway.url}/mcp`);
      const provider = `{ name = "x", base_url = "${models.url}/v1", wire_api = "responses" }`;
      await tools.live(async () => {
        tools.gateway.requests.length = 0;
        await tools.run(program(), [
          "-c",
          'model_provider="x"',
          "-c",
          `model_providers.x=${provider}`,
          ...exec,
        ]);
        const methods = tools.gateway.requests
          .filter(({ allowed, body }) => allowed && body !== "")
          .map(({ body }) => JSON.parse(body).method);
        expect(methods).toEqual(expect.arrayContaining(["initialize", "tools/list"]));
      }, "recovers");
      expect(await tools.undo("codex-mcp")).toEqual([]);
    } finally {
      await bench.stop();
      await tools.stop();
    }
  });
});
