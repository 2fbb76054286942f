import type { TokenEndpointResponse } from "openid-client";
import { OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import type { Profile } from "../profile.js";
import { digestOf } from "../sha256.js";
import { claimsOf } from "../token/claims.js";
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
export function tokenSetFrom(
  answer: TokenEndpointResponse,
  obtained_at: number,
  { dpop }: Pick<Profile, "dpop"> = {},
): TokenSet {
  if (answer.token_type.toLowerCase() !== "bearer") {
    throw new OidcTokenError(
      "refused",
      "the provider issued a token that is bound to a key (DPoP), of use only to a program that signs each request",
      `let the provider issue bearer tokens to this client (dpop_bound_access_tokens off)${dpop ? ' and bind the refresh token alone (RFC 9449, section 5), or take "dpop" out of the profile' : ""}, since what asks for a token here can't sign`,
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
  if (id_token !== undefined && !belongTogether(id_token, access_token)) {
    throw new OidcTokenError(
      "refused",
      "the ID token was made for another access token: its at_hash does not match",
      "sign in again; if it stays, report it to who runs the provider",
    );
  }
  const expiry = expires_in === undefined ? jwtExpiry(access_token) : obtained_at + expires_in;
  const expires_at =
    expiry !== undefined && expiry > 0 && expiry < YEAR_10000 ? Math.floor(expiry) : undefined;
  const refresh_expires_at = refresh_token === undefined ? undefined : sessionEnd(answer, obtained_at);
  return {
    access_token,
    token_type: "Bearer",
    obtained_at,
    ...given({ expires_at, refresh_token, refresh_expires_at, id_token, scope }),
  };
}

/** In no standard: Keycloak says `refresh_expires_in`, GitHub `refresh_token_expires_in`; 0 is "never". */
function sessionEnd(answer: TokenEndpointResponse, obtained_at: number): number | undefined {
  const said = Number(answer.refresh_expires_in ?? answer.refresh_token_expires_in);
  const end = obtained_at + said;
  return said > 0 && end < YEAR_10000 ? Math.floor(end) : undefined;
}

/** OpenID Connect Core §3.1.3.6: `at_hash` is the left half of the access token's hash, by the hash of the signature. */
function belongTogether(id_token: string, access_token: string): boolean {
  const at_hash = claimsOf(id_token)?.at_hash;
  if (at_hash === undefined) return true;
  const algorithm = /"alg"\s*:\s*"(?:[A-Z]{2}(256|384|512)|Ed)/.exec(headerOf(id_token));
  if (!algorithm) return true;
  const hash = digestOf(`sha${algorithm[1] ?? "512"}`, access_token);
  return hash.subarray(0, hash.length / 2).toString("base64url") === at_hash;
}

function headerOf(jwt: string): string {
  return Buffer.from(jwt.split(".")[0] ?? "", "base64url").toString("utf8");
}
