import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import type { Profile } from "../profile.js";
import { quote } from "../text.js";

/**
 * Keeps what takes or prints a secret from the shells of a coding agent, which our plugin marks with OIDC_TOKEN_AGENT,
 * unless the profile allows it. No wall: whoever can set a variable can unset it.
 *
 * @throws OidcTokenError `refused`. Not `sign_in_needed`: whoever is told that signs in and asks again, for nothing.
 */
export function refuseAgent({ env }: Pick<Context, "env">, profile?: Pick<Profile, "name" | "agent">): void {
  if (!env.OIDC_TOKEN_AGENT || profile?.agent === "allow") return;
  if (!profile) {
    throw new OidcTokenError(
      "refused",
      "what a project may do is for a person to say, and this is the shell of an agent (OIDC_TOKEN_AGENT)",
      "ask the person to run the command in a terminal of their own",
    );
  }
  throw new OidcTokenError(
    "refused",
    `profile ${quote(profile.name)} gives no token to the shell of an agent (OIDC_TOKEN_AGENT)`,
    'ask the person to run the command in a terminal of their own, or to write "agent": "allow" into the profile',
  );
}
