import type { TokenSet } from "../token/token-set.js";

/** The bare token. */
export function token(tokens: TokenSet): string {
  return tokens.access_token;
}
