import { customFetch, enableNonRepudiationChecks, genericGrantRequest } from "openid-client";
import { isOidcTokenError, OidcTokenError } from "../../errors.js";
import type { Profile } from "../../profile.js";
import type { TokenSet } from "../../token/token-set.js";
import type { Client } from "../client.js";
import { refusalIn } from "../refusal.js";

/**
 * Has openid-client check the ID token once more, its signature too, which it does of an answer only: so it is given
 * one, made here, and nothing goes to the token endpoint. The keys come from `jwks_uri`.
 */
export async function verifyIdToken({ configuration, profile }: Client, tokens: TokenSet): Promise<void> {
  const { token_endpoint, jwks_uri } = configuration.serverMetadata();
  const ask = configuration[customFetch];
  const { id_token } = tokens;
  configuration[customFetch] = async (url, options) =>
    url === token_endpoint || ask === undefined
      ? Response.json({ access_token: "-", token_type: "bearer", id_token })
      : await ask(url, options);
  enableNonRepudiationChecks(configuration);
  try {
    await genericGrantRequest(configuration, "refresh_token", {});
  } catch (error) {
    const status = refusalIn(error)?.status;
    if (status === undefined) throw isAboutKey(error) ? unusableKey(profile, jwks_uri, error) : error;
    throw new OidcTokenError(
      "refused",
      `the provider does not show the keys that ID tokens are checked with (status ${status})`,
      `let ${jwks_uri ?? "its jwks_uri"} be read without a sign-in, or write its address as endpoints.jwks_uri in profile ${profile.name}`,
      { cause: error },
    );
  }
}

/** What WebCrypto throws for a key that is none, which openid-client hands on or wraps without a code of its own. */
function isAboutKey(error: unknown): boolean {
  const { code, cause, name } = error as { code?: unknown; cause?: unknown; name?: unknown };
  if (isOidcTokenError(error) || isOidcTokenError(cause) || name === "AbortError") return false;
  return !`${code}`.startsWith("OAUTH_");
}

function unusableKey({ name }: Profile, jwks_uri: string | undefined, cause: unknown): OidcTokenError {
  return new OidcTokenError(
    "refused",
    "the provider's key set holds a key that can't be used",
    `report it to who runs the provider, or write another address than ${jwks_uri ?? "its own"} as endpoints.jwks_uri in profile ${name}`,
    { cause },
  );
}
