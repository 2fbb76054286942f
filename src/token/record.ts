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
  if (!isText(fields.access_token) || !isText(fields.token_type) || !isTime(fields.obtained_at))
    return undefined;
  if (fields.expires_at !== undefined && !isTime(fields.expires_at)) return undefined;
  for (const key of ["refresh_token", "id_token", "scope"]) {
    if (fields[key] !== undefined && typeof fields[key] !== "string") return undefined;
  }
  return fields as unknown as TokenSet;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
