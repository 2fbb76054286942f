import { join } from "node:path";
import { OUTLIVES_CACHE, type Tool } from "../tool.js";

export const claudeCodeMcp: Tool = {
  name: "claude-code-mcp",
  title: "Claude Code: a remote MCP server",
  sends: "headers",
  needs: ["url"],
  says: "`headersHelper` is run once for each connection, not for each request, and has ten seconds. A 401 while connecting is not tried again: reconnect with `/mcp`. Tokens that live half an hour or longer suit it best.",
  plan: (asked) => ({
    edits: [
      {
        path: join(asked.env.CLAUDE_CONFIG_DIR || asked.home, ".claude.json"),
        format: "json",
        settings: [
          {
            place: ["mcpServers", asked.profile],
            value: {
              type: "http",
              url: asked.url.href,
              headersHelper: asked.line("get", "--format", "headers-json", ...OUTLIVES_CACHE),
            },
          },
        ],
      },
    ],
    next: ["claude mcp list"],
  }),
};
