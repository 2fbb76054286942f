import { given } from "../given.js";
import { objectIn } from "../text.js";
import type { TokenSet } from "./token-set.js";

/** What a JWT says of itself (RFC 7519 §4), with names of whoever made it. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The claims of a JWT, read without any verification: they are for a person to look at and tell when to ask again, never
 * whom to trust. Undefined for anything that is not a signed JWT.
 */
export function claimsOf(token: string | undefined): Claims | undefined {
  const parts = token?.split(".") ?? [];
  const payload = parts[1];
  if (parts.length !== 3 || payload === undefined) return undefined;
  return objectIn(Buffer.from(payload, "base64url").toString("utf8"));
}

/** Whom stored tokens are for. Text is as it came; times in seconds since the epoch. */
export interface Holder {
  readonly subject?: string;
  /** What the person calls their account. */
  readonly username?: string;
  readonly email?: string;
  readonly issuer?: string;
  readonly audience?: readonly string[];
  readonly scope?: string;
  readonly expires_at?: number;
  /** When the refresh token ends, where that can be known. */
  readonly session_expires_at?: number;
}

/**
 * Account and token in the claims: the ID token knows the person (OpenID Connect Core §5.1), the access token, where it is
 * a JWT (RFC 9068 §2.2), audience and scopes.
 */
export function holderOf(tokens: TokenSet): Holder {
  const access = claimsOf(tokens.access_token) ?? {};
  const person = { ...access, ...claimsOf(tokens.id_token) };
  return given({
    subject: text(person.sub),
    username:
      text(person.preferred_username) ?? text(person.upn) ?? text(access.username) ?? text(person.name),
    email: text(person.email),
    issuer: text(access.iss) ?? text(person.iss),
    audience: list(access.aud),
    scope: tokens.scope ?? list(access.scope)?.join(" ") ?? list(access.scp)?.join(" "),
    expires_at: tokens.expires_at,
    session_expires_at: tokens.refresh_token
      ? (time(claimsOf(tokens.refresh_token)?.exp) ?? time(tokens.refresh_expires_at))
      : undefined,
  });
}

/**
 * Whether both are of one session at the provider, as it says itself (`sid`, OpenID Connect Front-Channel Logout §3; older
 * Keycloaks `session_state`): a person who signs in again with the browser's session still alive gets no new one.
 */
export function isSameSession(a: TokenSet, b: TokenSet): boolean {
  const id = sessionOf(a);
  return id !== undefined && id === sessionOf(b);
}

function sessionOf(tokens: TokenSet): string | undefined {
  const claims = { ...claimsOf(tokens.access_token), ...claimsOf(tokens.id_token) };
  return text(claims.sid) ?? text(claims.session_state);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** One text or several; others in between are left out. */
function list(value: unknown): readonly string[] | undefined {
  const texts = (Array.isArray(value) ? value : [value]).filter((each) => text(each) !== undefined);
  return texts.length === 0 ? undefined : texts;
}

/** Keycloak writes 0 for "never". */
function time(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
}
