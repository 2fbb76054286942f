import type { Context } from "../context.js";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import { commandOn, type Profile } from "../profile.js";
import { sha256 } from "../sha256.js";
import type { Arrival } from "../store/arrivals.js";
import { tell } from "../terminal/tell.js";
import { unattendedFlow } from "../token/choose-flow.js";
import { isServable, secondsLeft } from "../token/freshness.js";
import { idTokenAsToken } from "../token/id-token.js";
import { obtainTokens, type TokenPorts } from "../token/service.js";
import type { TokenSet } from "../token/token-set.js";
import { type ProfileAccess, signInNeeded } from "./access.js";
import { withGrace } from "./grace.js";
import { holdLock, lockTimeout } from "./hold-lock.js";
import { signedOut } from "./replace.js";

/** What of a token matters to who asks for it. */
export interface Asked {
  /** Seconds; undefined: the default. */
  readonly min_validity?: number | undefined;
  readonly force_refresh?: boolean;
  /** SHA-256 (hexadecimal) of a token that a server has just refused. */
  readonly rejected_sha256?: string | undefined;
  /** The ID token, in the place of the access token. */
  readonly id_token?: boolean;
  /** A person may be asked to sign in. */
  readonly interactive?: boolean;
  /** Told when a refresh token is sent: the provider may have spent it then, and only the answer keeps the session. */
  readonly onRefresh?: () => void;
}

/**
 * A token of this profile that can be used now: the one way every command gets one (DESIGN §5).
 *
 * @throws OidcTokenError `sign_in_needed`, `temporary`, `refused`, `store`, `configuration` or `interrupted`
 */
export async function obtain(context: Context, access: ProfileAccess, asked: Asked): Promise<TokenSet> {
  const { profile } = access;
  if (profile.flow[0] === "static_key") {
    const key = await staticKey(context, access, asked.rejected_sha256);
    return asked.id_token ? liveIdToken(key, profile, context.now()) : key;
  }
  const request = {
    min_validity: asked.min_validity,
    refresh_before: profile.refresh_before,
    force_refresh: asked.force_refresh === true,
    rejected_sha256: asked.rejected_sha256,
    lock_timeout: lockTimeout(profile.timeout),
  };
  const ports = portsOf(context, access, asked);
  const tokens = await obtainTokens(request, ports);
  if (!asked.id_token) return tokens;
  const id_token = idTokenAsToken(tokens);
  const rule = { now: context.now(), min_validity: asked.min_validity };
  if (id_token && isServable(id_token, rule)) return await verified(context, access, id_token);
  // An ID token may end before the access token that came with it.
  const renewed = id_token ? await obtainTokens({ ...request, force_refresh: true }, ports) : tokens;
  return await verified(context, access, liveIdToken(renewed, profile, context.now()));
}

/**
 * The ID token with its signature checked, which the provider's TLS stands in for only as long as it is not passed on
 * (OpenID Connect Core §3.1.3.7). That takes requests, so it is done once, and what was checked is remembered.
 */
async function verified(context: Context, access: ProfileAccess, answer: TokenSet): Promise<TokenSet> {
  if (answer.id_token_verified) return answer;
  await (await access.grants()).verifyIdToken(answer);
  const { profile } = access;
  await holdLock(context, profile.account, lockTimeout(profile.timeout), async () => {
    const kept = (await access.read())?.tokens;
    if (kept && kept.id_token === answer.id_token) await access.write({ ...kept, id_token_verified: true });
  });
  return answer;
}

function liveIdToken(tokens: TokenSet, profile: Profile, now: number): TokenSet {
  const answer = idTokenAsToken(tokens);
  if (!answer) {
    throw new OidcTokenError(
      "configuration",
      `profile "${profile.name}" has no ID token`,
      `add "openid" to its scope, then run: ${commandOn(profile)}`,
    );
  }
  if (secondsLeft(answer, now) > 0) return answer;
  throw new OidcTokenError(
    "sign_in_needed",
    `the ID token of profile "${profile.name}" has expired, and the provider gives a new one only at sign-in`,
    `run: ${commandOn(profile)}`,
  );
}

/** The key of a `static_key` profile as a token set without expiry. */
async function staticKey(
  context: Context,
  { profile, secrets }: ProfileAccess,
  rejected_sha256: string | undefined,
): Promise<TokenSet> {
  const key = await secrets.key();
  if (key === undefined) throw signInNeeded(profile);
  if (rejected_sha256 !== undefined && sha256(key) === rejected_sha256.toLowerCase()) {
    throw new OidcTokenError(
      "refused",
      `the server refused the key of profile "${profile.name}"`,
      profile.key?.from === "keyring"
        ? `store a valid one: ${commandOn(profile)}`
        : 'put a valid key where the profile\'s "key" points',
    );
  }
  return { access_token: key, token_type: "static", obtained_at: context.now() };
}

/** Seconds that the answer to a refresh still has where nobody waits for the token any more. */
export const REFRESH_GRACE = 5;

/** Joins one profile's store, lock and provider to the token service. */
function portsOf(
  context: Context,
  access: ProfileAccess,
  { interactive = false, onRefresh }: Pick<Asked, "interactive" | "onRefresh">,
): TokenPorts {
  const { profile } = access;
  const flow = unattendedFlow(profile.flow);
  /** Of the time in which the lock is held. */
  let arrival: Arrival | undefined;
  return {
    now: context.now,
    monotonic: context.monotonic,
    sleep: (ms) => context.sleep(ms, context.interrupted),
    read: async () => (await access.read())?.tokens,
    write: async (tokens) => {
      // The lock keeps a logout away, unless this process was stopped for so long that it counted as dead.
      if (arrival?.isCalledOff()) throw await signedOut(context, access, tokens);
      const store = await access.write(tokens);
      context.log.info("tokens stored", { profile: profile.name, store, expires_at: tokens.expires_at });
      // Ctrl-C came while the answer was on its way: it is safe now, and nobody wants it printed.
      context.interrupted.throwIfAborted();
    },
    reserve: async (tokens) => {
      try {
        return await access.reserve(tokens);
      } catch (error) {
        if (!isOidcTokenError(error)) throw error;
        const message = `${error.message}, so the token was not refreshed and nothing is lost`;
        throw new OidcTokenError(error.kind, message, error.hint, { cause: error });
      }
    },
    tryLock: async () => {
      const release = await context.lock.tryAcquire(profile.account);
      if (release === undefined) return undefined;
      try {
        arrival = context.arrivals.announce(profile.account);
      } catch (error) {
        await release();
        throw error;
      }
      return async () => {
        arrival?.end();
        await release();
      };
    },
    refresh: async (refresh_token, dpop_key) => {
      const grants = await access.grants();
      onRefresh?.();
      // The provider may have spent the refresh token already: without the answer the session is lost.
      const outcome = await withGrace(context.interrupted, grants.refresh(refresh_token, dpop_key), {
        seconds: REFRESH_GRACE,
        onWait: () => tell(context, "waiting for the provider's answer, so that the session is not lost"),
        hint: `the provider's answer did not come; if the session has ended, run: ${commandOn(profile)}`,
      });
      context.log.info("refresh", { profile: profile.name, outcome: outcome.outcome });
      return outcome;
    },
    ...given({
      issue: flow && (async () => withGrace(context.interrupted, (await access.grants()).issue(flow))),
      signIn: interactive ? () => signInHere(context, access) : undefined,
    }),
    signInNeeded: (reason) => signInNeeded(profile, reason),
    sessionLost: (refused) =>
      new OidcTokenError(
        "store",
        `${refused.message} just when the provider had renewed the session of profile "${profile.name}", which is lost`,
        `mend the store, then run: ${commandOn(profile)}`,
        { cause: refused },
      ),
    warn: (sentence) => {
      context.log.warn(sentence, { profile: profile.name });
      tell(context, sentence);
    },
  };
}

async function signInHere(context: Context, access: ProfileAccess): Promise<TokenSet> {
  const arrival = context.arrivals.announce(access.profile.account);
  try {
    // What a person is shown is loaded for a person only.
    const { signIn } = await import("./sign-in.js");
    return (await signIn(context, access, {}, arrival)).tokens;
  } finally {
    arrival.end();
  }
}
