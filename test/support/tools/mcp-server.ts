import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fromNpm } from "./installed.js";

export const MCP = fromNpm("@modelcontextprotocol/sdk@1.32.2");

/** What the one tool of the server answers. */
export const GREETING = "Hello from the tool";

export interface McpServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** A part of the SDK by its path below `dist/esm`. */
// biome-ignore lint/suspicious/noExplicitAny: it is installed by the test, so there are no types
export async function mcpSdk(path: string): Promise<any> {
  const file = join(MCP.path ?? "", "@modelcontextprotocol", "sdk", "dist", "esm", path);
  return await import(pathToFileURL(file).href);
}

/** An MCP server of the official SDK on 127.0.0.1, over streamable HTTP, with one tool `greet`. No credentials. */
export async function startMcpServer(): Promise<McpServer> {
  const { Server } = await mcpSdk("server/index.js");
  const { StreamableHTTPServerTransport } = await mcpSdk("server/streamableHttp.js");
  const { CallToolRequestSchema, ListToolsRequestSchema } = await mcpSdk("types.js");
  const server = createServer(async (request, response) => {
    const mcp = new Server({ name: "test", version: "1" }, { capabilities: { tools: {} } });
    mcp.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: [{ name: "greet", description: "says hello", inputSchema: { type: "object" } }],
    }));
    mcp.setRequestHandler(CallToolRequestSchema, () => ({ content: [{ type: "text", text: GREETING }] }));
    // One for each request: nothing is kept between them.
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    await mcp.connect(transport);
    response.once("close", () => void mcp.close());
    await transport.handleRequest(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
