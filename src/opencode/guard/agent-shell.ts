import type { ProfileFacts } from "../../commands/profiles.js";

/**
 * What a shell of the agent is started with beside OpenCode's own environment: the mark under which `oidc-token` hands out
 * nothing, and nothing in the variables that hold secrets. Sub-agents, `!cmd` and terminals (PTY) come here as well.
 */
export function markShell(env: Record<string, string>, profiles: readonly ProfileFacts[]): void {
  env.OIDC_TOKEN_AGENT = "1";
  for (const { secret_variables = [] } of profiles) for (const name of secret_variables) env[name] = "";
}
