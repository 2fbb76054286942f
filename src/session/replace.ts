import type { Context } from "../context.js";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { commandOn, type Profile } from "../profile.js";
import type { Arrival } from "../store/arrivals.js";
import type { StoreName } from "../store/store.js";
import { isSameSession } from "../token/claims.js";
import type { TokenSet } from "../token/token-set.js";
import type { ProfileAccess } from "./access.js";
import { withGrace } from "./grace.js";
import { holdLock, lockTimeout } from "./hold-lock.js";

/**
 * Keeps the tokens of a new sign-in in the place of the old ones, and ends the session that they replace; what cannot be
 * kept is ended itself. So no session stays alive at the provider that nobody here knows of, nor one that a logout has
 * overtaken: then it throws `sign_in_needed`.
 */
export async function replaceSession(
  context: Context,
  access: ProfileAccess,
  tokens: TokenSet,
  arrival: Arrival,
): Promise<StoreName> {
  const { account, timeout } = access.profile;
  let replaced: TokenSet | undefined;
  let store: StoreName | undefined;
  try {
    // Under the refresh lock, so that a refresh of the old session cannot write over the new one.
    store = await holdLock(context, account, lockTimeout(timeout), async () => {
      if (arrival.isCalledOff()) return undefined;
      replaced = await readable(access);
      return await access.place(tokens);
    });
  } catch (error) {
    await revokeQuietly(context, access, tokens);
    throw error;
  }
  if (store === undefined) throw await signedOut(context, access, tokens);
  if (replaced?.refresh_token !== undefined && !isSameSession(replaced, tokens)) {
    await revokeQuietly(context, access, replaced, tokens);
  }
  return store;
}

/** What is stored, if it can be read: a new sign-in mends a record that cannot. */
async function readable(access: ProfileAccess): Promise<TokenSet | undefined> {
  try {
    return (await access.read())?.tokens;
  } catch (error) {
    if (isOidcTokenError(error)) return undefined;
    throw error;
  }
}

/**
 * Ends a session that was on its way when a logout came. The error says what became of it: another sign-in is what helps,
 * and nothing is wrong at the provider, so it is `sign_in_needed`.
 */
export async function signedOut(
  context: Context,
  access: ProfileAccess,
  tokens: TokenSet,
): Promise<OidcTokenError> {
  // Of a sign-in that was begun after the logout.
  const newer = await readable(access);
  const revoked =
    !(newer && isSameSession(newer, tokens)) && (await revokeQuietly(context, access, tokens, newer));
  return signedOutMeanwhile(
    access.profile,
    revoked ? ", so what came was revoked" : ", so what came is not kept",
  );
}

/** The error of a sign-in or a refresh that a logout has overtaken. */
export function signedOutMeanwhile(profile: Profile, consequence = ""): OidcTokenError {
  const error = new OidcTokenError(
    "sign_in_needed",
    `profile "${profile.name}" was signed out while this was under way${consequence}`,
    `run: ${commandOn(profile)}`,
  );
  error.about = "logout";
  return error;
}

/** True where the provider has ended it. */
async function revokeQuietly(
  context: Context,
  access: ProfileAccess,
  tokens: TokenSet,
  replaced_by?: TokenSet,
): Promise<boolean> {
  const { name: profile } = access.profile;
  try {
    const grants = await access.grants();
    const revoked = await withGrace(context.interrupted, grants.revoke(tokens, replaced_by));
    context.log.info("former session", { profile, revoked });
    return revoked === "revoked";
  } catch (error) {
    if (!isOidcTokenError(error)) throw error;
    context.log.warn(`could not revoke a former session: ${error.message}`, { profile });
    return false;
  }
}
