import { ClientError } from "openid-client";
import { type ErrorKind, isOidcTokenError, OidcTokenError } from "../errors.js";
import type { Profile } from "../profile.js";
import { interrupted } from "./flows/sign-in-end.js";
import type { Redactor } from "./redact.js";
import { refusalIn, refused } from "./refusal.js";

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

function ownError(error: unknown): OidcTokenError | undefined {
  if (isOidcTokenError(error)) return error;
  // What our own fetch and client authentication throw, openid-client wraps.
  if (error instanceof ClientError && isOidcTokenError(error.cause)) return error.cause;
  return undefined;
}

/** Answers that are no refusal and still can't be used, told apart by openid-client's `code`. */
function unusable(error: unknown, profile: Profile, redactor: Redactor): OidcTokenError {
  const code = error instanceof ClientError ? error.code : undefined;
  const fail = (kind: ErrorKind, message: string, hint: string) =>
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
function invalidResponse(
  error: unknown,
  profile: Profile,
  fail: (kind: ErrorKind, message: string, hint: string) => OidcTokenError,
): OidcTokenError {
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
