import type { Context } from "../context.js";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { commandOn, type Profile } from "../profile.js";
import type { StoreName } from "../store/store.js";
import { isTerminal } from "../terminal/interactive.js";
import { askSecret } from "../terminal/secret-prompt.js";
import { tell } from "../terminal/tell.js";
import type { ProfileAccess } from "./access.js";

/** How often a person may try to type a secret. */
export const ATTEMPTS = 3;

/**
 * Takes the key of a `static_key` profile from the person or stdin, and keeps it unless the gateway refuses it. Throws
 * `refused` where it does, and leaves the key that was kept before.
 */
export async function keepStaticKey(
  context: Context,
  access: ProfileAccess,
  given_key: string | undefined,
): Promise<StoreName> {
  const { profile } = access;
  if (profile.key?.from !== "keyring") {
    throw new OidcTokenError(
      "usage",
      `profile "${profile.name}" reads its key from where "key" says, so there is nothing to sign in to`,
      'write "key": "{keyring}" in the profile to have login store it',
    );
  }
  for (let attempt = 1; ; attempt += 1) {
    const is_given = attempt === 1 && given_key !== undefined;
    const key = is_given ? given_key : await askSecret(context, `Key for ${profile.name}`);
    context.redactor.add(key);
    const refusal = await refusalOf(context, access, key);
    if (!refusal)
      return await access.place({ access_token: key, token_type: "static", obtained_at: context.now() });
    if (!isTerminal(context) || attempt === ATTEMPTS) throw refusal;
    tell(context, refusal.message);
  }
}

/** Undefined where the gateway takes the key, where it can't be asked, and where nobody knows one. */
async function refusalOf(
  context: Context,
  { profile, secrets }: ProfileAccess,
  key: string,
): Promise<OidcTokenError | undefined> {
  const { base_url } = profile;
  if (base_url === undefined) return undefined;
  try {
    const status = await context.tryKey(profile, secrets, base_url, key);
    context.log.info("key tried", { profile: profile.name, status });
    return status === 401 || status === 403 ? refused(profile, new URL(base_url).host, status) : undefined;
  } catch (error) {
    if (!isOidcTokenError(error) || error.kind === "interrupted") throw error;
    // Network trouble never loses what somebody has typed.
    tell(context, `${error.message}, so the key is kept untested`);
    return undefined;
  }
}

function refused(profile: Profile, host: string, status: number): OidcTokenError {
  return new OidcTokenError(
    "refused",
    `${host} refuses this key (${status}), so it was not kept`,
    `give it a valid one: ${commandOn(profile)}; or check "base_url" and "header" in the profile`,
  );
}
