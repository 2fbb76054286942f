import { OUTLIVES_CACHE, type Tool } from "../tool.js";
import { codexFile } from "./codex.js";

export const codexMcp: Tool = {
  name: "codex-mcp",
  title: "Codex: a remote MCP server",
  sends: "headers",
  needs: ["url"],
  says: "`http_headers_helper` is run when Codex connects, and again after a 401. Codex clears the environment for it and hides what it says on stderr: where a server fails, run the line by hand.",
  plan: (asked) => ({
    edits: [
      {
        path: codexFile(asked),
        format: "toml",
        settings: [
          { place: ["mcp_servers", asked.profile, "url"], value: asked.url.href },
          {
            place: ["mcp_servers", asked.profile, "http_headers_helper"],
            value: asked.line("get", "--format", "headers-json", ...OUTLIVES_CACHE, "--fresh-on-repeat"),
          },
        ],
      },
    ],
    next: ["codex mcp list"],
  }),
};
