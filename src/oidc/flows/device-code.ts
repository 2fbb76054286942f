import {
  type DeviceAuthorizationResponse,
  genericGrantRequest,
  initiateDeviceAuthorization,
  type TokenEndpointResponse,
} from "openid-client";
import type { Context } from "../../context.js";
import { interrupted, OidcTokenError } from "../../errors.js";
import { presetOf } from "../../providers/index.js";
import { DEVICE_GRANT } from "../../token/discovery.js";
import type { DeviceAuthorization, SignInRequest } from "../../token/grants.js";
import type { Client } from "../client.js";
import { failureOf } from "../failure.js";
import { refusalIn } from "../refusal.js";
import { tooLate } from "./sign-in-end.js";
import { signInParameters, tokenParameters } from "./token-parameters.js";

/** Seconds between two requests while the provider can't be reached. */
const LONGEST_PAUSE = 30;

/**
 * RFC 8628. Throws `sign_in_needed` where the person took too long, `interrupted` on abort. openid-client's own
 * polling ends at the first network error, where §3.5 asks to slow down and go on; so the loop is here.
 */
export async function deviceCode(
  client: Client,
  request: SignInRequest,
  context: Pick<Context, "monotonic" | "sleep">,
): Promise<TokenEndpointResponse> {
  const { configuration, profile, redactor, proofs } = client;
  const asked = signInParameters(profile, presetOf(profile).device_params);
  const response = await initiateDeviceAuthorization(configuration, asked);
  redactor.add(response.device_code);
  const seconds = Math.min(response.expires_in, request.timeout);
  const deadline = context.monotonic() + seconds;
  request.display.device(shown(response, seconds, client));

  const parameters = tokenParameters(profile);
  parameters.set("device_code", response.device_code);
  let interval = response.interval ?? 5;
  let pause = interval;
  for (;;) {
    const left = deadline - context.monotonic();
    await context.sleep(Math.max(0, Math.min(pause, left)) * 1000, request.signal);
    if (request.signal.aborted) throw interrupted();
    // What is left is too short to ask once more without going below the interval.
    if (left < interval) throw tooLate(profile, seconds);
    try {
      return await genericGrantRequest(configuration, DEVICE_GRANT, parameters, proofs);
    } catch (error) {
      const refusal = refusalIn(error)?.error;
      if (refusal === "authorization_pending" || refusal === "slow_down") {
        if (refusal === "slow_down") interval += 5;
        pause = interval;
        continue;
      }
      if (refusal === "expired_token") throw tooLate(profile, seconds);
      const failure = failureOf(error, profile, redactor);
      // An answer that should have held the token: the code is spent.
      const is_spent = (error as { code?: unknown }).code === "OAUTH_INVALID_RESPONSE";
      if (failure.kind !== "temporary" || is_spent) throw failure;
      if (pause === interval) request.display.notice(`${failure.message}; still trying`);
      pause = Math.max(interval, Math.min(pause * 2, LONGEST_PAUSE));
    }
  }
}

function shown(response: DeviceAuthorizationResponse, seconds: number, client: Client): DeviceAuthorization {
  const verification_uri = webAddress(response.verification_uri);
  if (verification_uri === undefined) {
    throw new OidcTokenError(
      "refused",
      "the provider sent a verification address that is not a web address",
      `check issuer and endpoints in profile ${client.profile.name}`,
    );
  }
  const complete = webAddress(response.verification_uri_complete);
  return {
    verification_uri,
    ...(complete === undefined ? {} : { verification_uri_complete: complete }),
    user_code: client.redactor.clean(response.user_code),
    expires_in: Math.floor(seconds),
  };
}

/** The address in its encoded form, which holds no control characters; undefined unless it is http or https. */
function webAddress(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : undefined;
}
