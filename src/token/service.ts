import { type ErrorKind, isOidcTokenError, OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import { sha256 } from "../sha256.js";
import { claimsOf } from "./claims.js";
import { isFresh, isMisdated, isServable } from "./freshness.js";
import type { RefreshOutcome } from "./grants.js";
import type { TokenSet } from "./token-set.js";

/** What the one path to a token (DESIGN §5) needs of the world, for one profile. Times in seconds. */
export interface TokenPorts {
  now(): number;
  /** Of a clock that nobody sets. */
  monotonic(): number;
  sleep(ms: number): Promise<void>;
  read(): Promise<TokenSet | undefined>;
  /** Keeps the tokens durably before it resolves. */
  write(tokens: TokenSet): Promise<void>;
  /** Takes this identity's lock, or answers undefined while a peer holds it. */
  tryLock(): Promise<(() => Promise<void>) | undefined>;
  /** Makes sure that what a refresh brings can be kept, until it is released. Throws where it cannot: kind `store`. */
  reserve(tokens: TokenSet): Promise<() => Promise<void>>;
  refresh(refresh_token: string, dpop_key: string | undefined): Promise<RefreshOutcome>;
  /** Present for flows that need no person. */
  readonly issue?: () => Promise<TokenSet>;
  /** Present where a sign-in may be started here; it keeps what it got. */
  readonly signIn?: () => Promise<TokenSet>;
  /** The error for a sign-in that is needed but not allowed here. */
  signInNeeded(reason: string | undefined): OidcTokenError;
  /** The error for a renewed session that the store has refused to keep. */
  sessionLost(refused: OidcTokenError): OidcTokenError;
  /** One sentence for the person, on stderr. */
  warn(sentence: string): void;
}

export interface TokenRequest {
  /** Undefined: the default of 60 s, less for tokens that live shorter. */
  readonly min_validity: number | undefined;
  readonly refresh_before: number;
  readonly force_refresh: boolean;
  /** SHA-256 (hexadecimal) of a token that a server has just refused. */
  readonly rejected_sha256: string | undefined;
  /** Seconds to wait for a peer that is refreshing. */
  readonly lock_timeout: number;
}

/**
 * A token that can be used now, by the shortest way of DESIGN §5: what is stored, else what a peer has refreshed
 * meanwhile, else a refresh, else a token that needs no person, else a sign-in.
 *
 * @throws OidcTokenError of kind `sign_in_needed`, `temporary`, `refused`, `store` or `interrupted`
 */
export async function obtainTokens(request: TokenRequest, ports: TokenPorts): Promise<TokenSet> {
  const started = ports.now();
  const stored = await ports.read();
  if (stored && isGoodEnough(stored, request, ports, started)) return stored;
  const renewal = await renewUnderLock(request, ports, started);
  if ("tokens" in renewal) return renewal.tokens;
  if (!ports.signIn) throw ports.signInNeeded(renewal.reason);
  return await ports.signIn();
}

type Renewal = { readonly tokens: TokenSet } | { readonly reason: string | undefined };

async function renewUnderLock(request: TokenRequest, ports: TokenPorts, started: number): Promise<Renewal> {
  const deadline = ports.monotonic() + request.lock_timeout;
  for (let attempt = 0; ; attempt += 1) {
    const release = await ports.tryLock();
    try {
      // Read again in either case: a peer may have finished between our read and now.
      const stored = await ports.read();
      if (stored && isGoodEnough(stored, request, ports, started)) return { tokens: stored };
      if (release) return await renew(stored, request, ports);
      // A peer is at it already, so there is nothing to wait for while ours still works.
      if (stored && isFallback(stored, request, ports)) return { tokens: stored };
    } finally {
      await release?.();
    }
    if (ports.monotonic() >= deadline) {
      throw new OidcTokenError(
        "temporary",
        `another oidc-token has been refreshing this token for ${request.lock_timeout} s`,
        "try again; if it stays so, look for a stopped oidc-token process and end it",
      );
    }
    await ports.sleep(waitBetweenAttempts(attempt));
  }
}

/**
 * What a token that still works may stand in for. A store that fails is not among it once a request was made: the
 * provider may have rotated the refresh token, and who hears nothing of it loses the session later and never learns why.
 */
const SURVIVABLE: readonly ErrorKind[] = ["temporary", "refused", "configuration", "sign_in_needed"];

async function renew(
  stored: TokenSet | undefined,
  request: TokenRequest,
  ports: TokenPorts,
): Promise<Renewal> {
  let reason: string | undefined;
  let spent = false;
  try {
    if (stored?.refresh_token !== undefined) {
      const release = await ports.reserve(stored);
      spent = true;
      const outcome = await refreshAndStore(stored, stored.refresh_token, request, ports).finally(release);
      if ("tokens" in outcome) return outcome;
      reason = outcome.reason;
    }
    if (ports.issue) {
      const issued = await ports.issue();
      await ports.write(issued);
      return { tokens: issued };
    }
  } catch (error) {
    if (!isOidcTokenError(error) || error.about === "logout") throw error;
    if (!SURVIVABLE.includes(error.kind) && (spent || error.kind !== "store")) throw error;
    if (!stored || !isFallback(stored, request, ports)) throw error;
    ports.warn(`could not refresh, handing out the stored token: ${error.message}`);
    return { tokens: stored };
  }
  // How long a token lasts that came while the clock was wrong, nobody knows: a person who is there brings a better one.
  const is_misdated = stored !== undefined && isMisdated(stored, ports.now());
  if (stored && !(is_misdated && ports.signIn) && isFallback(stored, request, ports)) {
    if (is_misdated) {
      ports.warn("the clock was ahead when the stored token came, so it may expire sooner than it seems");
    }
    if (reason !== undefined)
      ports.warn(`the stored token still works, but the session has ended: ${reason}`);
    return { tokens: stored };
  }
  return { reason };
}

async function refreshAndStore(
  stored: TokenSet,
  refresh_token: string,
  request: TokenRequest,
  ports: TokenPorts,
): Promise<Renewal> {
  const outcome = await ports.refresh(refresh_token, stored.dpop_key);
  if (outcome.outcome !== "session_ended") {
    const tokens =
      outcome.outcome === "refreshed"
        ? keepRefreshToken(outcome.tokens, stored)
        : // How long the old one lasts says nothing of the new one.
          { ...withoutSession(stored), refresh_token: outcome.refresh_token };
    try {
      await ports.write(tokens);
    } catch (error) {
      const rotated = tokens.refresh_token !== refresh_token;
      throw rotated && isOidcTokenError(error) && error.kind === "store" ? ports.sessionLost(error) : error;
    }
    if (outcome.outcome === "unusable") throw outcome.error;
    return { tokens };
  }
  // A peer outside our lock (another machine on a shared home, say) may have rotated it: adopt what it stored.
  const latest = await ports.read();
  // Signed out meanwhile: to write now would bring the tokens back.
  if (!latest) return { reason: outcome.reason };
  if (latest.access_token !== stored.access_token && isUsable(latest, request, ports)) {
    return { tokens: latest };
  }
  if (latest.refresh_token !== undefined && latest.refresh_token !== refresh_token) {
    return await refreshAndStore(latest, latest.refresh_token, request, ports);
  }
  await ports.write(withoutSession(latest));
  return { reason: outcome.reason };
}

function withoutSession({ refresh_token: _token, refresh_expires_at: _end, ...rest }: TokenSet): TokenSet {
  return rest;
}

/**
 * RFC 6749 §6: an answer without a refresh token means that the old one stays in use. OpenID Connect Core §12.2: an ID
 * token in it is about the same person.
 */
function keepRefreshToken(issued: TokenSet, previous: TokenSet): TokenSet {
  const { refresh_token, refresh_expires_at, scope, id_token, id_token_verified, dpop_key } = previous;
  const subjects = [claimsOf(id_token)?.sub, claimsOf(issued.id_token)?.sub].filter(
    (sub) => sub !== undefined,
  );
  if (new Set(subjects).size > 1) {
    throw new OidcTokenError(
      "refused",
      "the provider answered the refresh with tokens of somebody else, which were thrown away",
      "report it to who runs the provider, and sign in again",
    );
  }
  const session = issued.refresh_token === undefined ? given({ refresh_token, refresh_expires_at }) : {};
  const kept = { ...session, ...given({ scope, id_token, dpop_key }) };
  if (issued.id_token !== undefined) return { ...kept, ...issued };
  return { ...kept, ...given({ id_token_verified }), ...issued };
}

function isGoodEnough(stored: TokenSet, request: TokenRequest, ports: TokenPorts, started: number): boolean {
  const now = ports.now();
  if (isRejected(stored, request)) return false;
  // Issued while we waited: it is as new as a token can be, whatever was asked for. A date in the future only
  // says that a clock was wrong.
  const isNew = stored.obtained_at > started && stored.obtained_at <= now;
  if (isNew && isServable(stored, { now, min_validity: 0 })) return true;
  if (request.force_refresh) return false;
  const { min_validity, refresh_before } = request;
  return isFresh(stored, { now, min_validity }, { refresh_before, unattended: ports.issue !== undefined });
}

function isFallback(stored: TokenSet, request: TokenRequest, ports: TokenPorts): boolean {
  return !request.force_refresh && isUsable(stored, request, ports);
}

function isUsable(stored: TokenSet, request: TokenRequest, ports: TokenPorts): boolean {
  if (isRejected(stored, request)) return false;
  return isServable(stored, { now: ports.now(), min_validity: request.min_validity });
}

function isRejected({ access_token }: TokenSet, { rejected_sha256 }: TokenRequest): boolean {
  return rejected_sha256 !== undefined && sha256(access_token) === rejected_sha256.toLowerCase();
}

/** Milliseconds; grows to a quarter of a second, with jitter so that a hundred waiting peers spread out. */
function waitBetweenAttempts(attempt: number): number {
  return Math.min(250, 40 * 1.3 ** attempt) * (0.5 + Math.random());
}
