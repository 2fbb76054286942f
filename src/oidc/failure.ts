import { ClientError } from "openid-client";
import { interrupted, isOidcTokenError, OidcTokenError } from "../errors.js";
import type { Profile } from "../profile.js";
import type { Redactor } from "../redact.js";
import { refusalIn, refused, type Told } from "./refusal.js";

/**
 * Turns whatever came out of openid-client into the one error this program shows. Only `code`, `status`, `error`
 * and `error_description` are read; the rest of those errors holds tokens and codes.
 */
export function failureOf(error: unknown, profile: Profile, redactor: Redactor): OidcTokenError {
  if (error instanceof Error && error.name === "AbortError") return interrupted();
  if (isOidcTokenError(error)) return error;
  // What our own fetch and client authentication throw, openid-client wraps.
  if (error instanceof ClientError && isOidcTokenError(error.cause)) return error.cause;
  const refusal = refusalIn(error);
  if (refusal !== undefined) return refused(refusal, profile, redactor, error);
  const [sentence, hint, kind = "refused"] = unusable(error, profile, redactor);
  return new OidcTokenError(kind, sentence, hint, { cause: error });
}

/** Answers that are no refusal and still can't be used, told apart by openid-client's `code`. */
function unusable(error: unknown, { name, issuer = "" }: Profile, redactor: Redactor): Told {
  switch ((error as { code?: unknown } | undefined)?.code) {
    case "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED":
      return [
        `the provider at ${issuer} calls itself ${redactor.clean(issuerIn(error))}`,
        `if that is the provider you mean, set issuer in profile ${name} to exactly that`,
        "configuration",
      ];
    case "OAUTH_JWT_TIMESTAMP_CHECK_FAILED":
      return [
        "the ID token is expired or not valid yet",
        "set this machine's clock; if it is right, the provider's is wrong",
      ];
    case "OAUTH_JWT_CLAIM_COMPARISON_FAILED":
      return [
        "the ID token was made for somebody else: its issuer, audience or nonce does not match",
        `check issuer and client_id in profile ${name}; id_token: "ignore" does without it`,
      ];
    case "OAUTH_KEY_SELECTION_FAILED":
      return [
        "the ID token is signed with a key that the provider does not show",
        `check issuer and endpoints.jwks_uri in profile ${name}; the provider may show a new key in a minute`,
      ];
    case "OAUTH_UNSUPPORTED_OPERATION":
      return [
        "the provider answered with a kind of token that is not supported here",
        "make the provider issue bearer tokens and an ID token signed with a common algorithm",
      ];
    case "OAUTH_INVALID_RESPONSE":
      return invalidResponse(error, name);
    case "OAUTH_PARSE_ERROR":
    case "OAUTH_RESPONSE_IS_NOT_JSON":
    case "OAUTH_RESPONSE_IS_NOT_CONFORM":
      return [
        "the provider answered something that is not JSON",
        "try again; if it stays, look for a proxy or sign-in page of the network in between",
        "temporary",
      ];
    case "ERR_INVALID_URL":
    case "OAUTH_MISSING_SERVER_METADATA":
    case "OAUTH_INVALID_SERVER_METADATA":
    case "OAUTH_HTTP_REQUEST_FORBIDDEN":
    case "OAUTH_REQUEST_PROTOCOL_FORBIDDEN":
      return [
        "the provider's addresses are missing or not https",
        `check issuer and endpoints in profile ${name}`,
        "configuration",
      ];
    default:
      return [
        "the provider's answer was not understood",
        "run it again with --log-level debug and report it with the log",
        "defect",
      ];
  }
}

/** Which part was wrong stands only in openid-client's own fixed wording, which is matched and never shown. */
function invalidResponse(error: unknown, name: string): Told {
  const detail = error instanceof ClientError && error.cause instanceof Error ? error.cause.message : "";
  if (detail.includes("signature verification failed")) {
    return [
      "the ID token is not signed by the provider",
      `check issuer in profile ${name}; if it is right, somebody may be interfering: do not go on`,
    ];
  }
  if (/"id_token"|JWT|ID Token/.test(detail)) {
    return [
      "the provider sent no ID token, or one that can't be read",
      `ask for scope openid, or set id_token: "ignore" in profile ${name}`,
    ];
  }
  if (detail.includes('"iss"')) {
    return [
      "the answer to the sign-in came from another issuer",
      `check issuer in profile ${name}; if it is right, somebody may be interfering: do not go on`,
    ];
  }
  const property = /^"response" body "(\w+)" property/.exec(detail)?.[1];
  return [
    property === undefined
      ? "the provider's answer lacks what the standard asks for"
      : `the provider's answer has no ${property} that can be used`,
    "try again; if it stays, check issuer and endpoints of the profile",
    "temporary",
  ];
}

function issuerIn(error: unknown): string {
  const cause = (error as { cause?: { body?: { issuer?: unknown } } }).cause;
  return typeof cause?.body?.issuer === "string" ? cause.body.issuer : "something else";
}
