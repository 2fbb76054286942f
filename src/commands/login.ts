import { type GlobalOptions, parseChoice, parseSeconds } from "../arguments.js";
import { configPath } from "../config/load.js";
import { exposedSecrets } from "../config/secrets.js";
import type { Context } from "../context.js";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import { FLOWS, type Profile } from "../profile.js";
import { selectProfile } from "../session/access.js";
import { type LoggedIn, logIn } from "../session/log-in.js";
import { refuseAgent } from "../session/refuse-agent.js";
import { errorEvent, eventDisplay, writeEvent } from "../terminal/events.js";
import { tell } from "../terminal/tell.js";

export interface LoginOptions extends GlobalOptions {
  readonly flow?: string;
  /** False with `--no-browser`. */
  readonly browser: boolean;
  readonly timeout?: string;
  readonly json?: boolean;
  readonly newSecret?: boolean;
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

async function loginTo(context: Context, options: LoginOptions): Promise<LoggedIn> {
  const flow = options.flow === undefined ? undefined : parseChoice("--flow", options.flow, FLOWS);
  const timeout = parseSeconds("--timeout", options.timeout);
  if (timeout === 0)
    throw new OidcTokenError(
      "usage",
      "--timeout 0 leaves nobody the time to sign in",
      "leave it out, or write how long, for example: --timeout 5m",
    );
  const profile = await selectProfile(context, options);
  // A sign-in is for the person to complete; a key or a client's secret would come from the agent.
  if (profile.flow.includes("static_key") || options.newSecret) refuseAgent(context, profile);
  if (flow !== undefined && !profile.flow.includes(flow)) throw flowNotInProfile(flow, profile);
  if (options.newSecret && !profile.flow.includes("static_key") && profile.client_secret?.from !== "keyring")
    throw noKeptSecret(profile);
  const file = profile.project ?? configPath(context, options);
  for (const exposed of exposedSecrets(profile, file, context.platform)) tell(context, exposed);
  return await logIn(context, profile, {
    ...given({ flow, timeout, display: options.json ? eventDisplay(context) : undefined }),
    open_browser: options.browser,
    new_secret: options.newSecret === true,
  });
}

function flowNotInProfile(flow: string, profile: Profile): OidcTokenError {
  return new OidcTokenError(
    "usage",
    `profile "${profile.name}" does not use the flow ${flow}`,
    `use one of: ${profile.flow.join(", ")}, or add it to "flow" in the profile`,
  );
}

function noKeptSecret({ name, client_secret }: Profile): OidcTokenError {
  return new OidcTokenError(
    "usage",
    `no client's secret is kept for profile "${name}", so --new-secret has none to replace`,
    client_secret === undefined
      ? 'sign in without it; if the client has a secret, write "client_secret": "{keyring}" into the profile'
      : 'change it where "client_secret" in the profile says that it is',
  );
}
