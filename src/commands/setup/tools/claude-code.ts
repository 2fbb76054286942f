import { join } from "node:path";
import { type Asked, OUTLIVES_CACHE, type Tool } from "../tool.js";

/** The folder of Claude Code's user settings. */
function claudeFolder({ env, home }: Pick<Asked, "env" | "home">): string {
  return env.CLAUDE_CONFIG_DIR || join(home, ".claude");
}

export const claudeCode: Tool = {
  name: "claude-code",
  title: "Claude Code: the model gateway",
  sends: "bearer",
  needs: ["base_url"],
  says: "`apiKeyHelper` is run when Claude Code starts, every five minutes, and again after a 401. The token goes out as `Authorization: Bearer` and as `X-Api-Key`. An `ANTHROPIC_AUTH_TOKEN` or `ANTHROPIC_API_KEY` left in the environment would take its place.",
  plan: (asked) => ({
    edits: [
      {
        path: join(claudeFolder(asked), "settings.json"),
        format: "json",
        settings: [
          {
            place: ["apiKeyHelper"],
            value: asked.line("get", ...OUTLIVES_CACHE, "--fresh-on-repeat"),
          },
          // Claude Code adds /v1/messages itself.
          { place: ["env", "ANTHROPIC_BASE_URL"], value: asked.base_url.replace(/\/v1$/, "") },
        ],
      },
    ],
    next: ["claude"],
  }),
};
