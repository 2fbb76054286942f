import type { TokenEndpointResponse } from "openid-client";
import { OidcTokenError } from "../errors.js";
import type { TokenSet } from "../token/token-set.js";

/**
 * What a token endpoint answered (RFC 6749 §5.1), kept as this program keeps it. `obtained_at` in seconds since
 * the epoch. Without `expires_in` a JWT's own `exp` counts; an opaque token then has no expiry.
 * Throws `refused` for a token that is not a bearer token.
 */
export function tokenSetFrom(answer: TokenEndpointResponse, obtained_at: number): TokenSet {
  if (answer.token_type.toLowerCase() !== "bearer") {
    throw new OidcTokenError(
      "refused",
      "the provider issued a token that is bound to a key (dpop), not a bearer token",
      "turn off DPoP for this client at the provider",
    );
  }
  const at = Math.floor(obtained_at);
  const expires_at = answer.expires_in === undefined ? expiryOf(answer.access_token) : at + answer.expires_in;
  return {
    access_token: answer.access_token,
    token_type: "Bearer",
    obtained_at: at,
    ...(expires_at === undefined ? {} : { expires_at: Math.floor(expires_at) }),
    ...(answer.refresh_token === undefined ? {} : { refresh_token: answer.refresh_token }),
    ...(answer.id_token === undefined ? {} : { id_token: answer.id_token }),
    ...(answer.scope === undefined ? {} : { scope: answer.scope }),
  };
}

/** The `exp` of a JWT (RFC 7519 §4.1.4), unverified: it only decides when to ask for a new token. */
function expiryOf(token: string): number | undefined {
  const parts = token.split(".");
  if (parts.length !== 3 || parts[1] === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1], "base64url").toString("utf8"));
    const exp = typeof claims === "object" && claims !== null ? (claims as { exp?: unknown }).exp : undefined;
    return typeof exp === "number" && Number.isFinite(exp) && exp > 0 ? exp : undefined;
  } catch {
    return undefined;
  }
}
