import type { TokenSet } from "./token-set.js";

/** Seconds a token must still be valid for when the caller does not say (`--min-validity`). */
const DEFAULT_MIN_VALIDITY = 60;

export interface FreshnessRule {
  /** Seconds since the epoch. */
  readonly now: number;
  /** Seconds; undefined stands for the default, which short-lived tokens may undercut. */
  readonly min_validity: number | undefined;
}

/** Seconds by which clocks may differ that are both right. */
const CLOCK_TOLERANCE = 5;

/**
 * True for a token that counts as obtained in the future, so that more than its whole life seems to be left: the clock was
 * ahead when it came and has been set right, and when it really expires is not known.
 */
export function isMisdated(tokens: TokenSet, now: number): boolean {
  return tokens.expires_at !== undefined && tokens.obtained_at > now + CLOCK_TOLERANCE;
}

/** Seconds until the token expires; Infinity for a token whose expiry nobody knows. */
export function secondsLeft(tokens: TokenSet, now: number): number {
  return tokens.expires_at === undefined ? Number.POSITIVE_INFINITY : tokens.expires_at - now;
}

/** True while the token can be handed out: it outlives what the caller asked for. */
export function isServable(tokens: TokenSet, rule: FreshnessRule): boolean {
  const left = secondsLeft(tokens, rule.now);
  return left > 0 && left >= wantedLeft(tokens, rule.min_validity);
}

/**
 * True once a refresh is due though the token still works: `refresh_before` seconds before the expiry, but never
 * earlier than the last quarter of the token's life, so that short-lived tokens are not refreshed on every call. Also
 * where a clock that was wrong hides the expiry.
 */
export function isRefreshDue(tokens: TokenSet, now: number, refresh_before: number): boolean {
  return (
    isMisdated(tokens, now) || secondsLeft(tokens, now) <= Math.min(refresh_before, quarterOfLifetime(tokens))
  );
}

export interface RenewalRule {
  /** Seconds before the expiry. */
  readonly refresh_before: number;
  /** A flow that needs no person can bring another token, so none needs a refresh token. */
  readonly unattended: boolean;
}

/** True where `get` hands the token out as it is (DESIGN §5.1): servable, and with no refresh due that could be made. */
export function isFresh(tokens: TokenSet, rule: FreshnessRule, renewal: RenewalRule): boolean {
  if (!isServable(tokens, rule) || isMisdated(tokens, rule.now)) return false;
  const renewable = renewal.unattended || tokens.refresh_token !== undefined;
  return !renewable || !isRefreshDue(tokens, rule.now, renewal.refresh_before);
}

/** Seconds. Where not even a new token would have as much left as was asked for, half of its life has to do. */
function wantedLeft(tokens: TokenSet, min_validity: number | undefined): number {
  if (min_validity === undefined) return Math.min(DEFAULT_MIN_VALIDITY, quarterOfLifetime(tokens));
  return min_validity > lifetime(tokens) ? lifetime(tokens) / 2 : min_validity;
}

function quarterOfLifetime(tokens: TokenSet): number {
  return tokens.expires_at === undefined ? 0 : lifetime(tokens) / 4;
}

function lifetime({ expires_at, obtained_at }: TokenSet): number {
  return expires_at === undefined ? Number.POSITIVE_INFINITY : expires_at - obtained_at;
}
