import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import type { Profile } from "../profile.js";
import type { StoreName } from "../store/store.js";
import { isTerminal } from "../terminal/interactive.js";
import { askSecret } from "../terminal/secret-prompt.js";
import { tell } from "../terminal/tell.js";
import { unattendedFlow } from "../token/choose-flow.js";
import { accessProfile, type ProfileAccess } from "./access.js";
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
  const notice = (sentence: string): void => tell(context, sentence);
  const access = accessProfile(context, profile, { interactive: isTerminal(context), notice });
  if ((flow ?? profile.flow[0]) === "static_key") return await keepStaticKey(context, access);
  await keepClientSecret(context, access);
  const unattended = unattendedFlow(flow === undefined ? profile.flow : [flow]);
  if (unattended !== undefined && (flow !== undefined || profile.flow[0] === unattended)) {
    const tokens = await (await access.grants()).issue(unattended);
    return { profile, store: await access.place(tokens), expires_at: tokens.expires_at };
  }
  const { tokens, store } = await signIn(context, access, options);
  return { profile, store, expires_at: tokens.expires_at };
}

async function keepStaticKey(context: Context, access: ProfileAccess): Promise<LoggedIn> {
  const { profile } = access;
  if (profile.key?.from !== "keyring") {
    throw new OidcTokenError(
      "usage",
      `profile "${profile.name}" reads its key from where "key" says, so there is nothing to sign in to`,
      'write "key": "{keyring}" in the profile to have login store it',
    );
  }
  const key = await askSecret(context, `Key for ${profile.name}`);
  const tokens = { access_token: key, token_type: "static", obtained_at: context.now() };
  return { profile, store: await access.place(tokens), expires_at: undefined };
}

/** A client secret written as `{keyring}` is asked for once. */
async function keepClientSecret(context: Context, access: ProfileAccess): Promise<void> {
  const { profile } = access;
  if (profile.client_secret?.from !== "keyring") return;
  if ((await access.storedSecret("client_secret")) !== undefined) return;
  await access.keepSecret("client_secret", await askSecret(context, `Client secret for ${profile.name}`));
}
