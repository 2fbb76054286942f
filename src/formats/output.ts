import type { TokenSet } from "../token/token-set.js";
import { env } from "./env.js";
import { execCredential } from "./exec-credential.js";
import { header } from "./header.js";
import type { HeaderRule } from "./header-rule.js";
import { json } from "./json.js";
import { token } from "./token.js";

export const FORMATS = { token, json, header, env, "exec-credential": execCredential } as const;

export type FormatName = keyof typeof FORMATS;

/** The text `get` prints, with its newline. `now` in seconds since the epoch. */
export function formatTokens(name: FormatName, tokens: TokenSet, rule: HeaderRule, now: number): string {
  return `${FORMATS[name](tokens, rule, now)}\n`;
}
