import { given } from "../given.js";
import type { TokenSet } from "../token/token-set.js";
import type { HeaderRule } from "./header-rule.js";

/**
 * The names of RFC 6749 §5.1 plus `expires_at` (seconds since the epoch). The refresh token stays in the store:
 * whoever is handed a token has no use for it.
 */
export function json(tokens: TokenSet, _rule: HeaderRule, now: number): string {
  const { access_token, token_type, expires_at, scope, id_token } = tokens;
  return JSON.stringify({
    access_token,
    token_type,
    ...(expires_at !== undefined && {
      expires_in: Math.max(0, Math.floor(expires_at - now)),
      expires_at: Math.floor(expires_at),
    }),
    ...given({ scope, id_token }),
  });
}
