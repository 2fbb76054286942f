import type { Context } from "../context.js";
import { isOidcTokenError } from "../errors.js";
import type { Profile } from "../profile.js";
import type { Arrival } from "../store/arrivals.js";
import type { StoreName } from "../store/store.js";
import { isTerminal } from "../terminal/interactive.js";
import { askSecret, pipedSecret } from "../terminal/secret-prompt.js";
import { tell } from "../terminal/tell.js";
import { unattendedFlow } from "../token/choose-flow.js";
import { accessProfile, type ProfileAccess } from "./access.js";
import { ATTEMPTS, keepStaticKey } from "./keep-key.js";
import { replaceSession } from "./replace.js";
import { type SignInOptions, signIn } from "./sign-in.js";

/** A profile that has its token, and where that is kept. */
export interface LoggedIn {
  readonly profile: Profile;
  readonly store: StoreName;
  readonly expires_at: number | undefined;
}

/** Signs in to a profile whatever its flow, or takes its static key, and keeps the result. */
export async function logIn(context: Context, profile: Profile, options: SignInOptions): Promise<LoggedIn> {
  const { flow } = options;
  const access = accessProfile(context, profile, isTerminal(context));
  if ((flow ?? profile.flow[0]) === "static_key")
    return { profile, store: await keepStaticKey(context, access, options.secret), expires_at: undefined };
  const arrival = context.arrivals.announce(profile.account);
  try {
    const work = () => authorize(context, access, options, arrival);
    if (profile.client_secret?.from !== "keyring") return await work();
    return await withClientSecret(context, access, options, work);
  } finally {
    arrival.end();
  }
}

async function authorize(
  context: Context,
  access: ProfileAccess,
  options: SignInOptions,
  arrival: Arrival,
): Promise<LoggedIn> {
  const { profile } = access;
  const { flow } = options;
  const unattended = unattendedFlow(flow === undefined ? profile.flow : [flow]);
  if (unattended !== undefined && (flow !== undefined || profile.flow[0] === unattended)) {
    const tokens = await (await access.grants()).issue(unattended);
    const store = await replaceSession(context, access, tokens, arrival);
    return { profile, store, expires_at: tokens.expires_at };
  }
  const { tokens, store } = await signIn(context, access, options, arrival);
  return { profile, store, expires_at: tokens.expires_at };
}

/**
 * A client secret written as `{keyring}` is asked for once, and again where the provider refuses it; it is kept when it has
 * been accepted.
 */
async function withClientSecret(
  context: Context,
  access: ProfileAccess,
  { new_secret, secret: given_secret }: SignInOptions,
  work: () => Promise<LoggedIn>,
): Promise<LoggedIn> {
  const label = `Client secret for ${access.profile.name}`;
  let asked =
    given_secret !== undefined ||
    new_secret === true ||
    (await access.storedSecret("client_secret")) === undefined;
  let secret = asked ? (given_secret ?? (await askSecret(context, label))) : "";
  for (let attempt = 1; ; attempt += 1) {
    if (asked) access.tryOut(secret);
    try {
      const done = await work();
      if (asked) await access.keepSecret("client_secret", secret);
      return done;
    } catch (error) {
      if (!isOidcTokenError(error) || error.about !== "client" || attempt === ATTEMPTS) throw error;
      if (isTerminal(context)) {
        tell(context, error.message);
        secret = await askSecret(context, label);
      } else {
        const piped = asked ? undefined : await pipedSecret(context);
        if (piped === undefined) throw error;
        secret = piped;
      }
      asked = true;
    }
  }
}
