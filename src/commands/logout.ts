import type { GlobalOptions } from "../arguments.js";
import { loadConfig } from "../config/load.js";
import type { Context } from "../context.js";
import { isOidcTokenError } from "../errors.js";
import type { Profile } from "../profile.js";
import { accessProfile, type ProfileAccess } from "../session/access.js";
import { withGrace } from "../session/grace.js";
import { holdLock, lockTimeout } from "../session/hold-lock.js";
import { isTerminal } from "../terminal/interactive.js";
import { tell } from "../terminal/tell.js";

export interface LogoutOptions extends GlobalOptions {
  readonly all?: boolean;
  /** Only forget what is stored here; do not tell the provider. */
  readonly local?: boolean;
}

/** `logout`: revokes at the provider (RFC 7009) and forgets, of one profile or of all. */
export async function logout(context: Context, options: LogoutOptions): Promise<void> {
  const config = loadConfig(context, options);
  const profiles = options.all
    ? config.names.map((name) => config.profile(name))
    : [config.profile(options.profile)];
  for (const profile of profiles) await logoutOf(context, profile, options.local === true);
}

async function logoutOf(context: Context, profile: Profile, local: boolean): Promise<void> {
  const say = (sentence: string): void => tell(context, sentence);
  const access = accessProfile(context, profile, { interactive: isTerminal(context), notice: say });
  // Under the refresh lock: a refresh under way would bring a session that nobody revokes, and the tokens back.
  const [revoked, forgotten] = await holdLock(
    context,
    profile.account,
    lockTimeout(profile.timeout),
    async () => {
      // A logout must work when the provider does not, so what fails there is told and no more.
      const answer =
        local || profile.flow[0] === "static_key" ? undefined : await tryRevoke(context, access, say);
      return [answer, await access.forget()] as const;
    },
  );
  context.log.info("logout", { profile: profile.name, revoked: revoked ?? "no", forgotten });
  say(forgotten ? `signed out of ${profile.name}` : `was not signed in to ${profile.name}`);
}

async function tryRevoke(
  context: Context,
  access: ProfileAccess,
  say: (sentence: string) => void,
): Promise<string | undefined> {
  try {
    const stored = await access.read();
    if (!stored) return undefined;
    const grants = await access.grants();
    return await withGrace(context.interrupted, grants.revoke(stored.tokens));
  } catch (error) {
    if (!isOidcTokenError(error)) throw error;
    if (error.kind === "interrupted") throw error;
    say(`could not revoke at the provider: ${error.message}`);
    return undefined;
  }
}
