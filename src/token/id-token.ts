import { jwtExpiry } from "./jwt.js";
import type { TokenSet } from "./token-set.js";

/** The token set with its ID token in the place of the access token (`get --id-token`), and that one's expiry. */
export function idTokenAsToken(tokens: TokenSet): TokenSet | undefined {
  const { id_token, expires_at: _of_access_token, ...rest } = tokens;
  if (id_token === undefined) return undefined;
  const expires_at = jwtExpiry(id_token);
  const answer = { ...rest, access_token: id_token, id_token };
  return expires_at === undefined ? answer : { ...answer, expires_at };
}
