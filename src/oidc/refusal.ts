import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from "openid-client";
import { type ErrorKind, OidcTokenError } from "../errors.js";
import type { Profile } from "../profile.js";
import { presetOf } from "../providers/index.js";
import { loginCommand } from "./flows/sign-in-end.js";
import type { Redactor } from "./redact.js";

/** What a provider said no with: RFC 6749 §5.2 and §4.1.2.1, or a bare status. Text is as it came. */
export interface Refusal {
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly error_description: string | undefined;
  /** True where the answer had no body at all. */
  readonly empty: boolean;
}

/** The provider's refusal inside an error of openid-client; undefined where it is something else. */
export function refusalIn(error: unknown): Refusal | undefined {
  if (error instanceof ResponseBodyError) {
    return {
      status: error.status,
      error: error.error,
      error_description: error.error_description,
      empty: false,
    };
  }
  if (error instanceof AuthorizationResponseError) {
    return {
      status: undefined,
      error: error.error,
      error_description: error.error_description,
      empty: false,
    };
  }
  const response = responseIn(error);
  if (response === undefined || response.status < 300) return undefined;
  return {
    status: response.status,
    error: undefined,
    error_description: undefined,
    empty: response.body === null,
  };
}

/** `invalid_grant (token is expired)`, cleaned. */
export function wording(refusal: Refusal, redactor: Redactor): string {
  const error = redactor.clean(refusal.error ?? `status ${refusal.status ?? "unknown"}`);
  const description = redactor.clean(refusal.error_description ?? "").replace(/\.$/, "");
  return description === "" || description === error ? error : `${error} (${description})`;
}

/** The error for a refusal, with a hint at the key of the profile or the setting at the provider that mends it. */
export function refused(
  refusal: Refusal,
  profile: Profile,
  redactor: Redactor,
  cause: unknown,
): OidcTokenError {
  const said = wording(refusal, redactor);
  const fail = (kind: ErrorKind, message: string, hint: string) =>
    new OidcTokenError(kind, `${message}: ${said}`, hint, { cause });
  const client = profile.client_id ?? "";
  switch (refusal.error) {
    case "invalid_client":
      return refusedClient(fail, profile);
    case "unauthorized_client":
      // Keycloak's word for a wrong secret; only its status tells it from a flow that is switched off.
      if (refusal.status === 401) return refusedClient(fail, profile);
      return fail("refused", `the provider does not let client ${client} use this flow`, flowHint(profile));
    case "unsupported_grant_type":
    case "unsupported_response_type":
      return fail("refused", `the provider does not let client ${client} use this flow`, flowHint(profile));
    case "invalid_scope":
      return fail(
        "refused",
        "the provider does not grant this scope",
        `check scope in profile ${profile.name} against what the client may ask for`,
      );
    case "invalid_target":
      return fail(
        "refused",
        "the provider does not know this resource",
        `check resource and audience in profile ${profile.name}`,
      );
    case "access_denied":
    case "authorization_declined":
      return fail(
        "refused",
        "the sign-in was refused",
        `agree to the request when signing in, or ask who runs the provider; then run: ${loginCommand(profile)}`,
      );
    case "expired_token":
    case "login_required":
    case "interaction_required":
    case "consent_required":
      return fail("sign_in_needed", "the sign-in was not completed", `run: ${loginCommand(profile)}`);
    case "invalid_grant":
      return fail(
        "refused",
        "the provider did not accept what the sign-in gave",
        `check redirect_uri and client_id if it happens again after: ${loginCommand(profile)}`,
      );
    case "server_error":
    case "temporarily_unavailable":
    case "slow_down":
      return fail("temporary", "the provider has trouble of its own", "try again in a minute");
    case undefined:
      return refusedWithoutReason(refusal, fail, profile);
    default:
      if (profile.client_id === undefined) return refusedClient(fail, profile);
      return fail(
        "refused",
        "the provider refused the request",
        `check client_id, redirect_uri, scope and the parameters in profile ${profile.name}`,
      );
  }
}

/** What to switch on at a provider that is known, in its own words. */
function flowHint(profile: Profile): string {
  const { name, title, setup } = presetOf(profile);
  if (name === "generic") {
    return `allow the grant for this client at the provider, or change flow in profile ${profile.name}`;
  }
  return `change flow in profile ${profile.name}, or set the client up at ${title}: ${setup.replace(/\.$/, "")}`;
}

type Fail = (kind: ErrorKind, message: string, hint: string) => OidcTokenError;

function refusedClient(fail: Fail, profile: Profile): OidcTokenError {
  if (profile.client_id === undefined) {
    return fail(
      "refused",
      "the provider wants to know the client",
      `set client_id in profile ${profile.name}, and the client's secret or key if it has one`,
    );
  }
  if (profile.client_auth === "private_key_jwt") {
    return fail(
      "refused",
      `the provider does not accept the private_key_jwt of client ${profile.client_id}`,
      `register the public half of private_key at the provider; it may also want private_key_id, or client_assertion_audience: "token_endpoint", in profile ${profile.name}`,
    );
  }
  return fail(
    "refused",
    `the provider does not accept client ${profile.client_id ?? ""}`,
    `check client_id and client_secret in profile ${profile.name}, or try the other client_auth (client_secret_basic, client_secret_post, none)`,
  );
}

function refusedWithoutReason(refusal: Refusal, fail: Fail, profile: Profile): OidcTokenError {
  if (refusal.status === 401) return refusedClient(fail, profile);
  return fail(
    "refused",
    "the provider answered without a reason",
    `check issuer and endpoints in profile ${profile.name}: this looks like the wrong address`,
  );
}

function responseIn(error: unknown): Response | undefined {
  if (error instanceof WWWAuthenticateChallengeError) return error.response;
  if (error instanceof ClientError && error.cause instanceof Response) return error.cause;
  return undefined;
}
