import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { tell } from "../terminal/tell.js";
import { unattendedFlow } from "../token/choose-flow.js";
import type { TokenPorts } from "../token/service.js";
import type { TokenSet } from "../token/token-set.js";
import type { ProfileAccess } from "./access.js";
import { withGrace } from "./grace.js";

/** Joins one profile's store, lock and provider to the one path of DESIGN §5. */
export function tokenPorts(
  context: Context,
  access: ProfileAccess,
  signIn: (() => Promise<TokenSet>) | undefined,
): TokenPorts {
  const { profile } = access;
  const flow = unattendedFlow(profile.flow);
  return {
    now: context.now,
    sleep: (ms) => context.sleep(ms, context.interrupted),
    read: async () => (await access.read())?.tokens,
    write: async (tokens) => {
      const store = await access.write(tokens);
      context.log.info("tokens stored", { profile: profile.name, store, expires_at: tokens.expires_at });
      // Ctrl-C came while the answer was on its way: it is safe now, and nobody wants it printed.
      context.interrupted.throwIfAborted();
    },
    tryLock: () => context.lock.tryAcquire(profile.account),
    refresh: async (refresh_token) => {
      const grants = await access.grants();
      const outcome = await withGrace(context.interrupted, grants.refresh(refresh_token));
      context.log.info("refresh", { profile: profile.name, outcome: outcome.outcome });
      return outcome;
    },
    ...(flow && {
      issue: async () => {
        const grants = await access.grants();
        return await withGrace(context.interrupted, grants.issue(flow));
      },
    }),
    ...(signIn && { signIn }),
    signInNeeded: (reason) => signInNeeded(profile.name, reason),
    sha256: async (token) => {
      const { createHash } = await import("node:crypto");
      return createHash("sha256").update(token).digest("hex");
    },
    warn: (sentence) => {
      context.log.warn(sentence, { profile: profile.name });
      tell(context, sentence);
    },
  };
}

/** Exit 3, naming the exact command. */
export function signInNeeded(profile: string, reason?: string): OidcTokenError {
  const why =
    reason === undefined
      ? `not signed in to profile "${profile}"`
      : `the session of profile "${profile}" has ended: ${reason}`;
  return new OidcTokenError("sign_in_needed", why, `run: oidc-token login --profile ${profile}`);
}

/** Seconds to wait for a peer: it may need one full request after another. */
export function lockTimeout(timeout: number): number {
  return 2 * timeout + 5;
}
