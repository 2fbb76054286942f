import type { Context } from "../context.js";
import { isOidcTokenError } from "../errors.js";
import type { StoreName } from "../store/store.js";
import { isSameSession } from "../token/claims.js";
import type { TokenSet } from "../token/token-set.js";
import type { ProfileAccess } from "./access.js";
import { withGrace } from "./grace.js";
import { holdLock, lockTimeout } from "./hold-lock.js";

/**
 * Keeps the tokens of a new sign-in in the place of the old ones, and ends the session that they replace; what cannot be
 * kept is ended itself. So no session stays alive at the provider that nobody here knows of.
 */
export async function replaceSession(
  context: Context,
  access: ProfileAccess,
  tokens: TokenSet,
): Promise<StoreName> {
  const { account, timeout } = access.profile;
  let replaced: TokenSet | undefined;
  let store: StoreName;
  try {
    // Under the refresh lock, so that a refresh of the old session cannot write over the new one.
    store = await holdLock(context, account, lockTimeout(timeout), async () => {
      replaced = await readable(access);
      return await access.place(tokens);
    });
  } catch (error) {
    await revokeQuietly(context, access, tokens);
    throw error;
  }
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

async function revokeQuietly(
  context: Context,
  access: ProfileAccess,
  tokens: TokenSet,
  replaced_by?: TokenSet,
): Promise<void> {
  const { name: profile } = access.profile;
  try {
    const grants = await access.grants();
    const revoked = await withGrace(context.interrupted, grants.revoke(tokens, replaced_by));
    context.log.info("former session", { profile, revoked });
  } catch (error) {
    if (!isOidcTokenError(error)) throw error;
    context.log.warn(`could not revoke a former session: ${error.message}`, { profile });
  }
}
