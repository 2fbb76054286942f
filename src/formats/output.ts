import type { TokenSet } from "../token/token-set.js";
import { env } from "./env.js";
import { execCredential } from "./exec-credential.js";
import { googleExecutable } from "./google-executable.js";
import { header, headersJson, headerValue } from "./header.js";
import type { HeaderRule } from "./header-rule.js";
import { json } from "./json.js";
import { token } from "./token.js";

export const FORMATS = {
  token,
  json,
  header,
  "header-value": headerValue,
  "headers-json": headersJson,
  env,
  "exec-credential": execCredential,
  "google-executable": googleExecutable,
} as const;

export type FormatName = keyof typeof FORMATS;

/**
 * The text `get` prints, with its newline. `now` in seconds since the epoch; `env` for what a caller says in variables
 * of its own. Throws an OidcTokenError of kind `configuration` where the caller wants what is not known here.
 */
export function formatTokens(
  name: FormatName,
  tokens: TokenSet,
  rule: HeaderRule,
  now: number,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return `${FORMATS[name](tokens, rule, now, env)}\n`;
}
