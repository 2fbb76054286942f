import type { TokenEndpointResponse } from "openid-client";
import { OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import { jwtExpiry } from "../token/jwt.js";
import type { TokenSet } from "../token/token-set.js";

/** In seconds since the epoch. A later expiry, or one before the epoch, is a mistake and counts as not said. */
const YEAR_10000 = 253_402_300_800;

/**
 * What a token endpoint answered (RFC 6749 §5.1), kept as this program keeps it. `obtained_at` in seconds since
 * the epoch, with its fraction: by that a waiting peer tells a token that is newer than its own start.
 * Without `expires_in` a JWT's own `exp` counts; an opaque token then has no expiry.
 * Throws `refused` for a token that is not a bearer token, or that no header can carry (RFC 6750 §2.1).
 */
export function tokenSetFrom(answer: TokenEndpointResponse, obtained_at: number): TokenSet {
  if (answer.token_type.toLowerCase() !== "bearer") {
    throw new OidcTokenError(
      "refused",
      "the provider issued a token that is bound to a key (dpop), not a bearer token",
      "turn off DPoP for this client at the provider",
    );
  }
  const { access_token, refresh_token, id_token, scope, expires_in } = answer;
  if (![access_token, id_token ?? "-"].every((token) => /^[\x21-\x7e]+$/.test(token))) {
    throw new OidcTokenError(
      "refused",
      "the provider issued a token with a character that no HTTP header can carry",
      "report it to who runs the provider",
    );
  }
  const expiry = expires_in === undefined ? jwtExpiry(access_token) : obtained_at + expires_in;
  const expires_at =
    expiry !== undefined && expiry > 0 && expiry < YEAR_10000 ? Math.floor(expiry) : undefined;
  return {
    access_token,
    token_type: "Bearer",
    obtained_at,
    ...given({ expires_at, refresh_token, id_token, scope }),
  };
}
