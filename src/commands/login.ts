import { type GlobalOptions, parseChoice, parseSeconds } from "../arguments.js";
import { configPath } from "../config/load.js";
import { exposedSecrets } from "../config/secrets.js";
import type { Context } from "../context.js";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import { FLOWS, type Profile } from "../profile.js";
import { accessProfile, type ProfileAccess, selectProfile } from "../session/access.js";
import { signIn } from "../session/sign-in.js";
import type { StoreName } from "../store/store.js";
import { errorEvent, eventDisplay, writeEvent } from "../terminal/events.js";
import { isTerminal } from "../terminal/interactive.js";
import { askSecret } from "../terminal/secret-prompt.js";
import { tell } from "../terminal/tell.js";
import { unattendedFlow } from "../token/choose-flow.js";

export interface LoginOptions extends GlobalOptions {
  readonly flow?: string;
  /** False with `--no-browser`. */
  readonly browser: boolean;
  readonly timeout?: string;
  readonly json?: boolean;
}

/** `login`: signs in, or takes a static key, and keeps the result. */
export async function login(context: Context, options: LoginOptions): Promise<void> {
  try {
    const { profile, store, expires_at } = await loginTo(context, options);
    if (options.json) {
      writeEvent(context, {
        event: "done",
        profile: profile.name,
        store,
        ...given({ expires_at }),
      });
    } else {
      tell(context, `signed in to ${profile.name}, kept in the ${store} store`);
    }
  } catch (error) {
    if (options.json && isOidcTokenError(error)) writeEvent(context, errorEvent(error));
    throw error;
  }
}

interface LoggedIn {
  readonly profile: Profile;
  readonly store: StoreName;
  readonly expires_at: number | undefined;
}

async function loginTo(context: Context, options: LoginOptions): Promise<LoggedIn> {
  const flow = options.flow === undefined ? undefined : parseChoice("--flow", options.flow, FLOWS);
  const timeout = options.timeout === undefined ? undefined : parseSeconds("--timeout", options.timeout);
  const profile = selectProfile(context, options);
  if (flow !== undefined && !profile.flow.includes(flow)) throw flowNotInProfile(flow, profile);
  const notice = (sentence: string): void => tell(context, sentence);
  for (const exposed of exposedSecrets(profile, configPath(context, options), context.platform))
    notice(exposed);
  const access = accessProfile(context, profile, { interactive: isTerminal(context), notice });
  if ((flow ?? profile.flow[0]) === "static_key") return await keepStaticKey(context, access);
  await keepClientSecret(context, access);
  const unattended = unattendedFlow(flow === undefined ? profile.flow : [flow]);
  if (unattended !== undefined && (flow !== undefined || profile.flow[0] === unattended)) {
    const tokens = await (await access.grants()).issue(unattended);
    return { profile, store: await access.place(tokens), expires_at: tokens.expires_at };
  }
  const { tokens, store } = await signIn(context, access, {
    ...given({ flow, timeout, display: options.json ? eventDisplay(context) : undefined }),
    open_browser: options.browser,
  });
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

function flowNotInProfile(flow: string, profile: Profile): OidcTokenError {
  return new OidcTokenError(
    "usage",
    `profile "${profile.name}" does not use the flow ${flow}`,
    `use one of: ${profile.flow.join(", ")}, or add it to "flow" in the profile`,
  );
}
