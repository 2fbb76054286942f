import { createServer, type RequestListener, type Server } from "node:http";
import { DemoInMemoryAuthProvider } from "@modelcontextprotocol/sdk/examples/server/demoInMemoryOAuthProvider.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import {
  createOAuthMetadata,
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
  mcpAuthRouter,
} from "@modelcontextprotocol/sdk/server/auth/router.js";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { freePort } from "./free-port.js";

export interface RealMcpServer {
  /** Where its clients are pointed at. */
  readonly url: string;
  readonly issuer: string;
  stop(): Promise<void>;
}

const SCOPES = ["mcp:tools"];

/**
 * An MCP server and its authorization server on 127.0.0.1, both made of the SDK's own parts: its auth router with dynamic
 * registration, its demo provider that signs everybody in and takes one resource only, its metadata, its bearer check.
 */
export async function startMcpServer(): Promise<RealMcpServer> {
  const issuerUrl = new URL(`http://127.0.0.1:${await freePort()}`);
  const url = new URL(`http://127.0.0.1:${await freePort()}/mcp`);
  const provider = new DemoInMemoryAuthProvider((resource) => resource?.href === url.href);
  const auth = createMcpExpressApp();
  auth.use(mcpAuthRouter({ provider, issuerUrl, scopesSupported: SCOPES }));

  const mcp = createMcpExpressApp();
  const oauthMetadata = createOAuthMetadata({ provider, issuerUrl, scopesSupported: SCOPES });
  mcp.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: url, scopesSupported: SCOPES }));
  const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(url);
  mcp.use("/mcp", requireBearerAuth({ verifier: provider, requiredScopes: SCOPES, resourceMetadataUrl }));
  mcp.post("/mcp", async (request, response) => {
    const server = new McpServer({ name: "a real one", version: "1.0.0" });
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    await transport.handleRequest(request, response, request.body);
  });

  const servers = [await listen(auth, issuerUrl), await listen(mcp, url)];
  return {
    url: url.href,
    issuer: issuerUrl.href,
    async stop() {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

function listen(app: RequestListener, { port }: URL): Promise<Server> {
  const server = createServer(app);
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(Number(port), "127.0.0.1", () => resolve(server));
  });
}
