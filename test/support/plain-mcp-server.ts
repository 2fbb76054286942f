import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

export interface PlainMcpServer {
  /** Ends without a slash; the server itself is at `/mcp` below it. */
  readonly url: string;
  /** Sessions that clients have begun. */
  sessions(): number;
  stop(): Promise<void>;
}

/**
 * An MCP server made of the SDK's own parts, with sessions and event streams, and without credentials: a gateway stands
 * before it. Its one tool, `count`, answers how often it was called in this session. Call `stop`.
 */
export async function startPlainMcpServer(): Promise<PlainMcpServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const app = createMcpExpressApp();
  app.all("/mcp", async (request, response) => {
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? sessions.get(id) : undefined;
    const transport = known ?? (await begin());
    await transport.handleRequest(request, response, request.body);
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions: () => sessions.size,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function begin(): Promise<StreamableHTTPServerTransport> {
    let calls = 0;
    const mcp = new McpServer({ name: "company", version: "1.0.0" });
    mcp.registerTool("count", { description: "Counts its calls." }, async () => {
      calls += 1;
      return { content: [{ type: "text", text: `call ${calls} of this session` }] };
    });
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await mcp.connect(transport as Parameters<typeof mcp.connect>[0]);
    return transport;
  }
}
