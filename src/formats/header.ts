import type { TokenSet } from "../token/token-set.js";
import type { HeaderRule } from "./header-rule.js";

/** One HTTP header line as `curl -H @-` reads it: `Authorization: Bearer …` or the profile's own header. */
export function header(tokens: TokenSet, rule: HeaderRule): string {
  const value =
    rule.header_scheme === "" ? tokens.access_token : `${rule.header_scheme} ${tokens.access_token}`;
  return `${rule.header}: ${value}`;
}
