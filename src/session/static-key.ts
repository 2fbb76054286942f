import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import type { TokenSet } from "../token/token-set.js";
import type { ProfileAccess } from "./access.js";
import { signInNeeded } from "./token-ports.js";

/**
 * The key of a `static_key` profile as a token set without expiry.
 *
 * @throws OidcTokenError `sign_in_needed` where the key is still to be stored, `refused` where a server has just
 * refused the very key the profile names
 */
export async function obtainStaticKey(
  context: Context,
  access: ProfileAccess,
  rejected_sha256: string | undefined,
): Promise<TokenSet> {
  const { profile, secrets } = access;
  const key = await secrets.key();
  if (key === undefined) throw signInNeeded(profile.name, undefined);
  if (rejected_sha256 !== undefined) {
    const { createHash } = await import("node:crypto");
    if (createHash("sha256").update(key).digest("hex") === rejected_sha256.toLowerCase()) {
      throw new OidcTokenError(
        "refused",
        `the server refused the key of profile "${profile.name}"`,
        profile.key?.from === "keyring"
          ? `store a valid one: oidc-token login --profile ${profile.name}`
          : 'put a valid key where the profile\'s "key" points',
      );
    }
  }
  return { access_token: key, token_type: "static", obtained_at: context.now() };
}
