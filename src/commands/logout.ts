import type { GlobalOptions } from "../arguments.js";
import { loadConfig } from "../config/load.js";
import type { Context } from "../context.js";
import { isOidcTokenError } from "../errors.js";
import type { Profile } from "../profile.js";
import { accessProfile, type ProfileAccess } from "../session/access.js";
import { eachProfile } from "../session/each-profile.js";
import { withGrace } from "../session/grace.js";
import { holdLock, lockTimeout } from "../session/hold-lock.js";
import type { TokenStore } from "../store/token-store.js";
import { isTerminal } from "../terminal/interactive.js";
import { Questions } from "../terminal/questions.js";
import { tell } from "../terminal/tell.js";
import { quote } from "../text.js";

export interface LogoutOptions extends GlobalOptions {
  readonly all?: boolean;
  /** Only forget what is stored here; do not tell the provider. */
  readonly local?: boolean;
  /** Also a static key and what the client proves itself with, which otherwise stay: configuration, not session. */
  readonly forgetSecret?: boolean;
}

/** Seconds a request may take of a profile that is not there to say. */
const TIMEOUT = 10;

/** `logout`: revokes at the provider (RFC 7009) and forgets, of one profile or of all. */
export async function logout(context: Context, options: LogoutOptions): Promise<void> {
  const config = loadConfig(context, options);
  if (options.all && isTerminal(context)) {
    const question = "Sign out of every profile, and forget all that is stored?";
    await (await Questions.on(context)).goOn(question, false, "nothing was changed");
  }
  const notice = (sentence: string): void => tell(context, sentence);
  const surroundings = { interactive: isTerminal(context), notice };
  const forgets_secrets = options.all === true || options.forgetSecret === true;
  const logoutFrom = async (profile: Profile): Promise<ProfileAccess> => {
    const access = accessProfile(context, profile, isTerminal(context));
    if (profile.flow[0] === "static_key") await logoutOfKey(context, access, forgets_secrets);
    else await logoutOf(context, access, options.local === true);
    return access;
  };
  if (!options.all) {
    await forgetSecrets([await logoutFrom(config.profile(options.profile))], forgets_secrets, notice);
    return;
  }
  const ends = await eachProfile(config, config.names, logoutFrom);
  // Only now: profiles of one client share its secret, and to revoke takes it.
  await forgetSecrets(
    ends.flatMap((end) => ("answer" in end ? [end.answer] : [])),
    forgets_secrets,
    notice,
  );
  await forgetTheRest(context, context.tokenStore(config.store, surroundings));
  const [failure, ...others] = ends.flatMap((end) => ("error" in end ? [end] : []));
  for (const { name, error } of others) notice(`could not sign out of ${quote(name)}: ${error.message}`);
  if (failure) throw failure.error;
}

async function forgetSecrets(
  all: readonly ProfileAccess[],
  is_wanted: boolean,
  notice: (sentence: string) => void,
): Promise<void> {
  for (const { profile, forgetSecrets } of is_wanted ? all : []) {
    if (await forgetSecrets()) notice(`forgot the client secret of ${profile.name}`);
  }
}

/** What profiles have left that were renamed, changed or taken away: nobody knows their provider any more. */
async function forgetTheRest(context: Context, store: TokenStore): Promise<void> {
  const stored = await context.storedAccounts((sentence) => tell(context, sentence));
  for (const account of new Set([...stored, ...context.arrivals.accounts()])) {
    const forgotten = await holdLock(context, account, lockTimeout(TIMEOUT), () => {
      context.arrivals.callOff(account);
      return store.delete(account);
    });
    if (!forgotten) continue;
    const name = /^(.*)-[0-9a-f]{32}(?:\.[a-z_]+)?$/.exec(account)?.[1] ?? account;
    tell(context, `forgot what was left of ${quote(name)}, a profile that is no more; nothing was revoked`);
  }
}

async function logoutOf(context: Context, access: ProfileAccess, local: boolean): Promise<void> {
  const { profile } = access;
  const say = (sentence: string): void => tell(context, sentence);
  // Under the refresh lock: a refresh under way would bring a session that nobody revokes, and the tokens back.
  const [revoked, forgotten] = await holdLock(
    context,
    profile.account,
    lockTimeout(profile.timeout),
    async () => {
      // What a sign-in under way brings after this is ended by whoever it arrives at.
      context.arrivals.callOff(profile.account);
      // A logout must work when the provider does not, so what fails there is told and no more.
      const answer = local ? undefined : await tryRevoke(context, access, say);
      return [answer, await access.forget()] as const;
    },
  );
  context.log.info("logout", { profile: profile.name, revoked: revoked ?? "no", forgotten });
  say(forgotten ? `signed out of ${profile.name}` : `was not signed in to ${profile.name}`);
}

/** A key has no session to end, and whoever has typed it would have to look for it again. */
async function logoutOfKey(context: Context, access: ProfileAccess, forgets: boolean): Promise<void> {
  const { name, key } = access.profile;
  const say = (sentence: string): void => tell(context, sentence);
  if (key?.from !== "keyring") return say(`the key of ${name} is kept where "key" says, and stays there`);
  if (forgets)
    return say((await access.forget()) ? `forgot the key of ${name}` : `no key of ${name} was kept`);
  if ((await access.read()) === undefined) return say(`no key of ${name} was kept`);
  say(`the key of ${name} stays, since it has no session that could end; --forget-secret takes it, too`);
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
