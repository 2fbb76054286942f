import { claimsOf } from "./claims.js";

/**
 * The `exp` claim of a JWT in seconds since the epoch (RFC 7519 §4.1.4): it tells when to ask again, never whom to
 * trust. Undefined for anything that is not a JWT with a numeric `exp`.
 */
export function jwtExpiry(token: string): number | undefined {
  const exp = claimsOf(token)?.exp;
  return typeof exp === "number" && Number.isFinite(exp) ? exp : undefined;
}
