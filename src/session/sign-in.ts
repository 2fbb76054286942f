import type { Context } from "../context.js";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { commandOn, type Flow, type Profile } from "../profile.js";
import type { Arrival } from "../store/arrivals.js";
import type { StoreName } from "../store/store.js";
import { terminalDisplay } from "../terminal/sign-in-screen.js";
import { signInFlow } from "../token/choose-flow.js";
import type { SignInDisplay } from "../token/grants.js";
import type { TokenSet } from "../token/token-set.js";
import type { ProfileAccess } from "./access.js";
import { replaceSession, signedOutMeanwhile } from "./replace.js";

export interface SignInOptions {
  readonly flow?: Flow;
  readonly open_browser?: boolean;
  /** Seconds the person has. */
  readonly timeout?: number;
  readonly display?: SignInDisplay;
  /** Asks for the client's secret although one is kept. */
  readonly new_secret?: boolean;
  /** The client's secret or the static key, in place of asking for it a first time. */
  readonly secret?: string;
}

/** Tokens, and the store that keeps them. */
export interface Kept {
  readonly tokens: TokenSet;
  readonly store: StoreName;
}

/** Seconds. */
const DEFAULT_TIMEOUT = 300;

/**
 * Signs a person in and keeps the tokens. One sign-in at a time per identity: a second one waits and takes what the
 * first has brought. `arrival`: what is called off by a logout; then it throws `sign_in_needed`.
 */
export async function signIn(
  context: Context,
  access: ProfileAccess,
  options: SignInOptions,
  arrival: Arrival,
): Promise<Kept> {
  const { profile } = access;
  const browser = options.open_browser !== false && hasBrowser(context);
  const flow = options.flow ?? signInFlow(profile.flow, browser);
  if (flow === undefined) throw cannotSignIn(profile);
  const display = options.display ?? terminalDisplay(context, profile.name);
  const timeout = options.timeout ?? DEFAULT_TIMEOUT;
  try {
    return await oneAtATime(context, access, display, timeout, async () => {
      // Before a person is asked for anything: the logout came while this waited for another sign-in.
      if (arrival.isCalledOff()) throw signedOutMeanwhile(profile);
      const grants = await access.grants();
      context.log.info("sign-in started", { profile: profile.name, flow });
      const signal = context.interrupted;
      const request = { open_browser: browser, timeout, display, signal };
      const needs_browser = browser && options.flow === undefined && profile.flow.includes("device_code");
      const tokens = await grants.signIn({ ...request, flow, needs_browser }).catch((error: unknown) => {
        if (!isOidcTokenError(error) || error.about !== "browser") throw error;
        display.notice(`${error.message}, so this goes by device code`);
        return grants.signIn({ ...request, flow: "device_code" });
      });
      const store = await replaceSession(context, access, tokens, arrival);
      context.log.info("sign-in done", { profile: profile.name, flow, store });
      return { tokens, store };
    });
  } finally {
    display.close();
  }
}

/** Whether a browser can be started here and can reach this machine's loopback. */
function hasBrowser(context: Context): boolean {
  const { env, platform } = context;
  if (env.SSH_CONNECTION || env.SSH_TTY) return false;
  if (platform !== "linux") return true;
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY || env.WSL_DISTRO_NAME || env.BROWSER);
}

async function oneAtATime(
  context: Context,
  access: ProfileAccess,
  display: SignInDisplay,
  timeout: number,
  signInHere: () => Promise<Kept>,
): Promise<Kept> {
  const started = context.monotonic();
  const started_at = context.now();
  let before: string | undefined;
  let told = false;
  for (;;) {
    const release = await context.lock.tryAcquire(`${access.profile.account}.sign-in`);
    // Also with the lock in hand: the sign-in that was waited for may have ended between two looks.
    const stored = told ? await access.read() : undefined;
    // By either, since a clock may be set back while one waits.
    if (stored && (stored.tokens.obtained_at > started_at || stored.tokens.access_token !== before)) {
      await release?.();
      return stored;
    }
    if (release) return await signInHere().finally(release);
    if (context.monotonic() - started > timeout) {
      throw new OidcTokenError(
        "temporary",
        `another sign-in for profile "${access.profile.name}" has been under way for ${timeout} s`,
        "finish or end it, then try again",
      );
    }
    if (!told) {
      before = (await access.read())?.tokens.access_token;
      display.notice("another sign-in for this profile is under way, waiting for it");
    }
    told = true;
    await context.sleep(500, context.interrupted);
  }
}

function cannotSignIn(profile: Profile): OidcTokenError {
  return new OidcTokenError(
    "usage",
    `profile "${profile.name}" has no flow that a person signs in with: it uses ${profile.flow.join(", ")}`,
    `run: ${commandOn(profile, "get")}`,
  );
}
