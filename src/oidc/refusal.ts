import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from "openid-client";
import { type ErrorKind, OidcTokenError } from "../errors.js";
import { commandOn, type Profile } from "../profile.js";
import { presetOf } from "../providers/index.js";
import type { Redactor } from "../redact.js";

/** What a provider said no with: RFC 6749 §5.2 and §4.1.2.1, or a bare status. Text is as it came. */
export interface Refusal {
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly error_description: string | undefined;
  /** True where the answer had no body at all. */
  readonly empty: boolean;
}

/** How a failure is told: sentence, hint, and its kind where that is not `refused`. */
export type Told = readonly [sentence: string, hint: string, kind?: ErrorKind];

/** The provider's refusal inside an error of openid-client; undefined where it is something else. */
export function refusalIn(failure: unknown): Refusal | undefined {
  if (failure instanceof ResponseBodyError || failure instanceof AuthorizationResponseError) {
    const { error, error_description } = failure;
    const status = failure instanceof ResponseBodyError ? failure.status : undefined;
    return { status, error, error_description, empty: false };
  }
  const response = responseIn(failure);
  if (response === undefined || response.status < 300) return undefined;
  const { status, body } = response;
  return { status, error: undefined, error_description: undefined, empty: body === null };
}

/** `invalid_grant (token is expired)`, cleaned. */
export function wording(refusal: Refusal, redactor: Redactor): string {
  const error = redactor.clean(refusal.error ?? "") || `status ${refusal.status ?? "unknown"}`;
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
  const [sentence, hint, kind = "refused"] = told(refusal, profile);
  const error = new OidcTokenError(kind, `${sentence}: ${wording(refusal, redactor)}`, hint, { cause });
  if (refusesClient(refusal)) error.about = "client";
  return error;
}

function told(refusal: Refusal, profile: Profile): Told {
  const { error, status } = refusal;
  const { name, client_id } = profile;
  if (isAboutProof(refusal)) return refusedProof(profile);
  if (refusesClient({ error, status })) return refusedClient(profile);
  switch (error) {
    case "unauthorized_client":
    case "unsupported_grant_type":
    case "unsupported_response_type":
      return [`the provider does not let client ${client_id ?? ""} use this flow`, flowHint(profile)];
    case "invalid_scope":
      return [
        "the provider does not grant this scope",
        `check scope in profile ${name} against what the client may ask for`,
      ];
    case "invalid_target":
      return ["the provider does not know this resource", `check resource and audience in profile ${name}`];
    case "access_denied":
    case "authorization_declined":
      return [
        "the sign-in was refused",
        `agree to the request when signing in, or ask who runs the provider; then run: ${commandOn(profile)}`,
      ];
    case "expired_token":
    case "login_required":
    case "interaction_required":
    case "consent_required":
      return ["the sign-in was not completed", `run: ${commandOn(profile)}`, "sign_in_needed"];
    case "invalid_grant":
      return [
        "the provider did not accept what the sign-in gave",
        `check redirect_uri and client_id if it happens again after: ${commandOn(profile)}`,
      ];
    case "server_error":
    case "temporarily_unavailable":
    case "slow_down":
      return ["the provider has trouble of its own", "try again in a minute", "temporary"];
    case undefined:
      return [
        "the provider answered without a reason",
        `check issuer and endpoints in profile ${name}: this looks like the wrong address`,
      ];
    default:
      if (client_id === undefined) return refusedClient(profile);
      return [
        "the provider refused the request",
        `check client_id, redirect_uri, scope and the parameters in profile ${name}`,
      ];
  }
}

/** RFC 9449 §5 and §8; others say in words of their own that a proof is missing. */
function isAboutProof({ error, error_description }: Refusal): boolean {
  if (error === "invalid_dpop_proof" || error === "use_dpop_nonce") return true;
  return error === "invalid_request" && /\bdpop\b/i.test(error_description ?? "");
}

function refusedProof(profile: Profile): Told {
  if (profile.dpop) {
    return [
      "the provider does not accept the proof (DPoP) that came with the request",
      `look at this machine's clock, which is part of a proof; if it is right, run: ${commandOn(profile)}`,
    ];
  }
  return [
    "the provider demands a proof that the token is bound to a key (DPoP)",
    `set "dpop": true in profile ${profile.name}, then run: ${commandOn(profile)}`,
  ];
}

/** Keycloak says unauthorized_client for a wrong secret; only its status tells it from a flow that is switched off. */
function refusesClient({ error, status }: Pick<Refusal, "error" | "status">): boolean {
  return (
    error === "invalid_client" ||
    ((error ?? "unauthorized_client") === "unauthorized_client" && status === 401)
  );
}

/** What to switch on at a provider that is known, in its own words. */
function flowHint(profile: Profile): string {
  const { name, title, setup } = presetOf(profile);
  if (name === "generic") {
    return `allow the grant for this client at the provider, or change flow in profile ${profile.name}`;
  }
  return `change flow in profile ${profile.name}, or set the client up at ${title}: ${setup.replace(/\.$/, "")}`;
}

function refusedClient(profile: Profile): Told {
  const { name, client_id, client_auth, client_secret } = profile;
  if (client_id === undefined) {
    return [
      "the provider wants to know the client",
      `set client_id in profile ${name}, and the client's secret or key if it has one`,
    ];
  }
  if (client_auth === "private_key_jwt") {
    return [
      `the provider does not accept the private_key_jwt of client ${client_id}`,
      `register the public half of private_key at the provider; it may also want private_key_id, or client_assertion_audience: "token_endpoint", in profile ${name}`,
    ];
  }
  if (client_secret?.from === "keyring") {
    return [
      `the provider does not accept client ${client_id}`,
      `give it the right secret: ${commandOn(profile, "login --new-secret")}; or check client_id and client_auth`,
    ];
  }
  return [
    `the provider does not accept client ${client_id}`,
    `check client_id and client_secret in profile ${name}, or try the other client_auth (client_secret_basic, client_secret_post, none)`,
  ];
}

function responseIn(error: unknown): Response | undefined {
  if (error instanceof WWWAuthenticateChallengeError) return error.response;
  if (error instanceof ClientError && error.cause instanceof Response) return error.cause;
  return undefined;
}
