import type { TokenSet } from "../token/token-set.js";

/** A line for `eval` in a POSIX shell. */
export function env(tokens: TokenSet): string {
  return `export OIDC_TOKEN=${quote(tokens.access_token)}`;
}

/** POSIX shell quoting: nothing is special between single quotes but the single quote itself. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
