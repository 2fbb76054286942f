import type { TokenSet } from "../token/token-set.js";
import type { HeaderRule } from "./header-rule.js";

/**
 * The names of RFC 6749 §5.1 plus `expires_at` (seconds since the epoch). The refresh token stays in the store:
 * whoever is handed a token has no use for it.
 */
export function json(tokens: TokenSet, _rule: HeaderRule, now: number): string {
  const { access_token, token_type, expires_at, scope, id_token } = tokens;
  const answer = JSON.stringify({
    access_token,
    token_type,
    ...(expires_at !== undefined && {
      expires_in: Math.max(0, Math.floor(expires_at - now)),
      expires_at: Math.floor(expires_at),
    }),
    scope,
    id_token,
  });
  // The provider chose the scope's text, and JSON leaves in it what a terminal obeys.
  return answer.replace(/[^\x20-\x7e]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
