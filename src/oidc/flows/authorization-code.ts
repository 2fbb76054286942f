import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type TokenEndpointResponse,
} from "openid-client";
import type { Context } from "../../context.js";
import { interrupted, OidcTokenError } from "../../errors.js";
import { given } from "../../given.js";
import { deadline } from "../../http/deadline.js";
import { isLoopback } from "../../loopback.js";
import { commandOn, type Profile } from "../../profile.js";
import { presetOf } from "../../providers/index.js";
import type { SignInRequest } from "../../token/grants.js";
import { failurePage, successPage } from "../callback/page.js";
import { type Callback, type LoopbackServer, listenForCallback } from "../callback/server.js";
import type { Client } from "../client.js";
import { secureUrl } from "../endpoints.js";
import { failureOf } from "../failure.js";
import { tooLate } from "./sign-in-end.js";
import { signInParameters, tokenParameters } from "./token-parameters.js";

/** Milliseconds after which a browser that neither started nor failed counts as not opened. */
const BROWSER_PATIENCE = 5000;

/**
 * RFC 6749 §4.1 with PKCE S256 (RFC 7636) and a loopback redirect (RFC 8252 §7.3). Throws `sign_in_needed` where
 * the person took too long, `interrupted` on abort, and whatever failureOf makes of the provider's answer.
 */
export async function authorizationCode(
  client: Client,
  request: SignInRequest,
  context: Pick<Context, "openBrowser" | "sleep" | "log">,
): Promise<TokenEndpointResponse> {
  const { profile, redactor } = client;
  const state = randomState();
  const code_verifier = randomPKCECodeVerifier();
  const nonce = randomNonce();
  for (const secret of [state, code_verifier, nonce]) redactor.add(secret);

  const server = await listenForCallback(redirectUri(profile), state);
  try {
    const { redirect_uri } = server;
    const parameters = await authorizationParameters(profile, { redirect_uri, state, code_verifier, nonce });
    // RFC 9449 §10: the code is of use to nobody without the key either.
    if (client.proofs?.DPoP) parameters.set("dpop_jkt", await client.proofs.DPoP.calculateThumbprint());
    const { to_open, to_show } = await authorizationUrls(client, parameters, request, context);
    const opened = request.open_browser && (await openBrowser(to_open, request.signal, context));
    if (request.signal.aborted) throw interrupted();
    if (!opened && request.needs_browser) throw noBrowser(profile);
    request.display.browser({ url: to_show, redirect_uri, opened, paste: server.take });
    const callback = await waitFor(server, request, profile);
    redactor.add(callback.url.searchParams.get("code") ?? undefined);
    return await finish(client, callback, { state, code_verifier, nonce });
  } finally {
    await server.close();
  }
}

interface Checks {
  readonly state: string;
  readonly code_verifier: string;
  readonly nonce: string;
}

async function authorizationParameters(
  profile: Profile,
  checks: Checks & { readonly redirect_uri: string },
): Promise<URLSearchParams> {
  const parameters = signInParameters(profile, presetOf(profile).authorization_params);
  parameters.set("redirect_uri", checks.redirect_uri);
  parameters.set("response_type", "code");
  parameters.set("state", checks.state);
  parameters.set("code_challenge", await calculatePKCECodeChallenge(checks.code_verifier));
  parameters.set("code_challenge_method", "S256");
  if (asksForIdToken(profile)) parameters.set("nonce", checks.nonce);
  return parameters;
}

/**
 * Where the browser goes. What is asked for is pushed to the provider first where it offers that (RFC 9126), so that nothing
 * on the way can change it. The address is then good for a minute or so: unless the provider insists, the one for a person
 * to open by hand says everything itself, and so does the other where the provider does not take the push after all.
 */
async function authorizationUrls(
  { configuration, profile, proofs }: Client,
  parameters: URLSearchParams,
  { open_browser }: SignInRequest,
  { log }: Pick<Context, "log">,
): Promise<{ readonly to_open: string; readonly to_show: string }> {
  const server = configuration.serverMetadata();
  const is_required = server.require_pushed_authorization_requests === true;
  const endpoint = server.pushed_authorization_request_endpoint;
  const whole = buildAuthorizationUrl(configuration, parameters).href;
  if (!is_required && (!open_browser || endpoint === undefined)) return { to_open: whole, to_show: whole };
  try {
    if (endpoint !== undefined) secureUrl(endpoint, "pushed_authorization_request_endpoint", profile);
    const pushed = (await buildAuthorizationUrlWithPAR(configuration, parameters, proofs)).href;
    return { to_open: pushed, to_show: is_required ? pushed : whole };
  } catch (error) {
    if (is_required) throw error;
    log.warn("the provider did not take a pushed authorization request", { profile: profile.name });
    return { to_open: whole, to_show: whole };
  }
}

/** Trades the code for tokens while the browser waits, so that its page tells how it really ended. */
async function finish(client: Client, callback: Callback, checks: Checks): Promise<TokenEndpointResponse> {
  const { configuration, profile, redactor, proofs } = client;
  const expectNonce = asksForIdToken(profile) && profile.id_token === "verify";
  try {
    const answer = await authorizationCodeGrant(
      configuration,
      callback.url,
      {
        expectedState: checks.state,
        pkceCodeVerifier: checks.code_verifier,
        ...given({ expectedNonce: expectNonce ? checks.nonce : undefined }),
      },
      tokenParameters(profile),
      proofs,
    );
    await callback.answer(successPage(profile.name));
    return answer;
  } catch (error) {
    const failure = failureOf(error, profile, redactor);
    await callback.answer(failurePage(profile.name, failure.message));
    throw failure;
  }
}

function asksForIdToken(profile: Profile): boolean {
  return profile.scope?.split(/\s+/).includes("openid") ?? false;
}

/** False where it could not be started; the person then opens the URL. */
async function openBrowser(
  url: string,
  signal: AbortSignal,
  context: Pick<Context, "openBrowser" | "sleep">,
): Promise<boolean> {
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([
      context.openBrowser(url).then(
        () => true,
        () => false,
      ),
      context.sleep(BROWSER_PATIENCE, waiting.signal).then(() => false),
    ]);
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

async function waitFor(server: LoopbackServer, request: SignInRequest, profile: Profile): Promise<Callback> {
  const limit = deadline(request.timeout, request.signal);
  try {
    return await new Promise<Callback>((resolve, reject) => {
      const give_up = () =>
        reject(
          limit.why() === "timeout" ? tooLate(profile, request.timeout, server.redirect_uri) : interrupted(),
        );
      if (limit.signal.aborted) give_up();
      limit.signal.addEventListener("abort", give_up, { once: true });
      server.callback.then(resolve, reject);
    });
  } finally {
    limit.end();
  }
}

function noBrowser(profile: Profile): OidcTokenError {
  const hint = `sign in without one here: ${commandOn(profile, "login --flow device_code")}`;
  const error = new OidcTokenError("temporary", "no browser could be started", hint);
  error.about = "browser";
  return error;
}

/** Where the provider sends the browser back to. Without `redirect_uri`: any free port on 127.0.0.1. */
function redirectUri(profile: Profile): URL {
  const address = profile.redirect_uri ?? "http://127.0.0.1/callback";
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === "http:" && isLoopback(url) && url.search === "" && url.hash === "") return url;
  throw new OidcTokenError(
    "configuration",
    `redirect_uri of profile ${profile.name} is not an address this program can listen on`,
    "use http://127.0.0.1:PORT/callback or http://localhost:PORT/callback, as registered at the provider",
  );
}
