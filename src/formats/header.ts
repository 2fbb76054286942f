import type { TokenSet } from "../token/token-set.js";
import type { HeaderRule } from "./header-rule.js";

/** What stands after the colon of the header. */
export function headerValue(tokens: TokenSet, rule: HeaderRule): string {
  return rule.header_scheme === "" ? tokens.access_token : `${rule.header_scheme} ${tokens.access_token}`;
}

/** One HTTP header line as `curl -H @-` reads it: `Authorization: Bearer …` or the profile's own header. */
export function header(tokens: TokenSet, rule: HeaderRule): string {
  return `${rule.header}: ${headerValue(tokens, rule)}`;
}

/** A JSON object of headers, as Claude Code and Codex read it for an MCP server. */
export function headersJson(tokens: TokenSet, rule: HeaderRule): string {
  return JSON.stringify({ [rule.header]: headerValue(tokens, rule) });
}
