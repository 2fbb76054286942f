import { join } from "node:path";
import { sectionWith } from "../section.js";
import { type Asked, OUTLIVES_CACHE, type Tool } from "../tool.js";

/** Codex's own configuration file. */
export function codexFile({ env, home }: Pick<Asked, "env" | "home">): string {
  return join(env.CODEX_HOME || join(home, ".codex"), "config.toml");
}

export const codex: Tool = {
  name: "codex",
  title: "Codex: the model gateway",
  sends: "bearer",
  needs: ["base_url"],
  says: "`auth` is run without a shell when a token is first needed, every four minutes, and again after a 401 on a model call. Codex keeps the token in memory only. It shows what `oidc-token` says on stderr.",
  plan(asked) {
    const [command = "", ...args] = asked.command("get", ...OUTLIVES_CACHE, "--fresh-on-repeat");
    const provider = {
      name: asked.profile,
      base_url: asked.base_url,
      wire_api: "responses",
      auth: { command, args, timeout_ms: 15_000, refresh_interval_ms: 240_000 },
    };
    return {
      edits: [
        {
          path: codexFile(asked),
          format: "toml",
          settings: [
            { place: ["model_provider"], value: asked.profile },
            ...Object.entries(provider).map(([key, value]) => ({
              place: ["model_providers", asked.profile, key],
              value,
            })),
          ],
          unless: [
            sectionWith(
              `model_providers.${asked.profile}`,
              "env_key",
              "experimental_bearer_token",
              "requires_openai_auth",
            ),
            `${asked.profile} has a key of its own in it, and Codex takes no auth beside that`,
          ],
        },
      ],
      next: ["codex --model <model>"],
    };
  },
};
