import type { TokenSet } from "./token-set.js";

const VERSION = 1;

/** The text a store keeps for a token set. */
export function toRecord(tokens: TokenSet): string {
  return JSON.stringify({ v: VERSION, ...tokens });
}

/** The token set behind a store's text; undefined where the text is not one that `toRecord` wrote. */
export function fromRecord(text: string): TokenSet | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { v, ...fields } = value as Record<string, unknown>;
  if (v !== VERSION) return undefined;
  const { access_token, token_type, obtained_at, expires_at, id_token } = fields;
  if (!isToken(access_token) || !isToken(token_type) || !isTime(obtained_at)) return undefined;
  if (expires_at !== undefined && !isTime(expires_at)) return undefined;
  if (id_token !== undefined && !isToken(id_token)) return undefined;
  for (const key of ["refresh_token", "scope", "dpop_key"]) {
    if (fields[key] !== undefined && typeof fields[key] !== "string") return undefined;
  }
  return fields as unknown as TokenSet;
}

/** What a header can carry, on one line: what is stored is printed as it is. */
function isToken(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}

/** A time there can have been; Infinity and the like are no JSON, but 1e999 is. */
function isTime(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0;
}
