import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from "openid-client";
import type { Profile } from "../config/profile.js";
import { OidcTokenError } from "../errors.js";
import { presetOf } from "../providers/index.js";
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

/**
 * Turns whatever came out of openid-client into the one error this program shows. Only `code`, `status`, `error`
 * and `error_description` are read; the rest of those errors holds tokens and codes.
 */
export function failureOf(error: unknown, profile: Profile, redactor: Redactor): OidcTokenError {
  if (error instanceof Error && error.name === "AbortError") return interrupted();
  const own = ownError(error);
  if (own !== undefined) return own;
  const refusal = refusalIn(error);
  if (refusal !== undefined) return refused(refusal, profile, redactor, error);
  return unusable(error, profile, redactor);
}

/** The command that signs in to this profile. */
export function loginCommand(profile: Profile): string {
  return `oidc-token login --profile ${profile.name}`;
}

/** The error of Ctrl-C. */
export function interrupted(): OidcTokenError {
  return new OidcTokenError("interrupted", "interrupted", "nothing was changed; run the command again");
}

/** The error of a sign-in that nobody finished within `seconds`. */
export function tooLate(profile: Profile, seconds: number): OidcTokenError {
  return new OidcTokenError(
    "sign_in_needed",
    `nobody finished the sign-in within ${Math.round(seconds)} s`,
    `run: ${loginCommand(profile)}`,
  );
}

/** `invalid_grant (token is expired)`, cleaned. */
export function wording(refusal: Refusal, redactor: Redactor): string {
  const error = redactor.clean(refusal.error ?? `status ${refusal.status ?? "unknown"}`);
  const description = redactor.clean(refusal.error_description ?? "").replace(/\.$/, "");
  return description === "" || description === error ? error : `${error} (${description})`;
}

function ownError(error: unknown): OidcTokenError | undefined {
  if (error instanceof OidcTokenError) return error;
  // What our own fetch and client authentication throw, openid-client wraps.
  if (error instanceof ClientError && error.cause instanceof OidcTokenError) return error.cause;
  return undefined;
}

function responseIn(error: unknown): Response | undefined {
  if (error instanceof WWWAuthenticateChallengeError) return error.response;
  if (error instanceof ClientError && error.cause instanceof Response) return error.cause;
  return undefined;
}

function refused(refusal: Refusal, profile: Profile, redactor: Redactor, cause: unknown): OidcTokenError {
  const said = wording(refusal, redactor);
  const fail = (kind: OidcTokenError["kind"], message: string, hint: string) =>
    new OidcTokenError(kind, `${message}: ${said}`, hint, { cause });
  const client = profile.client_id ?? "";
  switch (refusal.error) {
    case "invalid_client":
      return refusedClient(fail, profile);
    case "unauthorized_client":
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

type Fail = (kind: OidcTokenError["kind"], message: string, hint: string) => OidcTokenError;

function refusedClient(fail: Fail, profile: Profile): OidcTokenError {
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

/** Answers that are no refusal and still can't be used, told apart by openid-client's `code`. */
function unusable(error: unknown, profile: Profile, redactor: Redactor): OidcTokenError {
  const code = error instanceof ClientError ? error.code : undefined;
  const fail = (kind: OidcTokenError["kind"], message: string, hint: string) =>
    new OidcTokenError(kind, message, hint, { cause: error });
  switch (code) {
    case "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED": {
      const issuer = redactor.clean(issuerIn(error));
      return fail(
        "configuration",
        `the provider at ${profile.issuer ?? ""} calls itself ${issuer}`,
        `if that is the provider you mean, set issuer in profile ${profile.name} to exactly that`,
      );
    }
    case "OAUTH_JWT_TIMESTAMP_CHECK_FAILED":
      return fail(
        "refused",
        "the id token is expired or not valid yet",
        "set this machine's clock; if it is right, the provider's is wrong",
      );
    case "OAUTH_JWT_CLAIM_COMPARISON_FAILED":
      return fail(
        "refused",
        "the id token was made for somebody else: its issuer, audience or nonce does not match",
        `check issuer and client_id in profile ${profile.name}; id_token: "ignore" does without it`,
      );
    case "OAUTH_UNSUPPORTED_OPERATION":
      return fail(
        "refused",
        "the provider answered with a kind of token that is not supported here",
        "make the provider issue bearer tokens and an id token signed with a common algorithm",
      );
    case "OAUTH_INVALID_RESPONSE":
      return invalidResponse(error, profile, fail);
    case "OAUTH_PARSE_ERROR":
    case "OAUTH_RESPONSE_IS_NOT_JSON":
    case "OAUTH_RESPONSE_IS_NOT_CONFORM":
      return fail(
        "temporary",
        "the provider answered something that is not JSON",
        "try again; if it stays, look for a proxy or sign-in page of the network in between",
      );
    case "OAUTH_MISSING_SERVER_METADATA":
    case "OAUTH_INVALID_SERVER_METADATA":
    case "OAUTH_HTTP_REQUEST_FORBIDDEN":
    case "OAUTH_REQUEST_PROTOCOL_FORBIDDEN":
      return fail(
        "configuration",
        "the provider's addresses are missing or not https",
        `check issuer and endpoints in profile ${profile.name}`,
      );
    default:
      return fail(
        "defect",
        "the provider's answer was not understood",
        "run it again with --log-level debug and report it with the log",
      );
  }
}

/** Which part was wrong stands only in openid-client's own fixed wording, which is matched and never shown. */
function invalidResponse(error: unknown, profile: Profile, fail: Fail): OidcTokenError {
  const detail = error instanceof ClientError && error.cause instanceof Error ? error.cause.message : "";
  if (detail.includes('"id_token"') || detail.includes("JWT") || detail.includes("ID Token")) {
    return fail(
      "refused",
      "the provider sent no id token, or one that can't be read",
      `ask for scope openid, or set id_token: "ignore" in profile ${profile.name}`,
    );
  }
  if (detail.includes('"iss"')) {
    return fail(
      "refused",
      "the answer to the sign-in came from another issuer",
      `check issuer in profile ${profile.name}; if it is right, somebody may be interfering: do not go on`,
    );
  }
  return fail(
    "temporary",
    "the provider's answer lacks what the standard asks for",
    "try again; if it stays, check issuer and endpoints of the profile",
  );
}

function issuerIn(error: unknown): string {
  const cause = (error as { cause?: { body?: { issuer?: unknown } } }).cause;
  return typeof cause?.body?.issuer === "string" ? cause.body.issuer : "something else";
}
