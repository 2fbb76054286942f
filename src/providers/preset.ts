import type { ClientAuth, Endpoints, Flow } from "../profile.js";

/**
 * How the issuer in the discovery document relates to the profile's `issuer`.
 * - `exact`: they are the same (OpenID Connect Discovery §4.3).
 * - `same_host`: the document may name another issuer, which then counts for ID tokens; in return every endpoint must
 *   be on the host of the profile's issuer.
 * - `tenant`: as `same_host`, and `{tenantid}` in it stands for the `tid` claim of the ID token.
 */
export type IssuerRule = "exact" | "same_host" | "tenant";

/** The codes of RFC 6749 §5.2 and RFC 8628 §3.5 that dialects are translated into. */
export type StandardError =
  | "access_denied"
  | "expired_token"
  | "invalid_client"
  | "invalid_grant"
  | "invalid_request"
  | "temporarily_unavailable"
  | "unauthorized_client";

/** What a profile says where its user says nothing, in the keys of a profile. */
export interface PresetDefaults {
  readonly issuer?: string;
  readonly scope?: string;
  /** Where the provider compares more than host and path, or knows only one of the loopback names: as in `setup`. */
  readonly redirect_uri?: string;
  readonly flow?: readonly Flow[];
  /** Counts only for clients with a secret. */
  readonly client_auth?: Exclude<ClientAuth, "none">;
  readonly id_token?: "ignore";
  /** Counts only for clients with a private key. */
  readonly client_assertion_audience?: "token_endpoint";
}

/** A key that a profile of this provider wants, though the standards do not. */
export interface Need {
  readonly key: "audience" | "client_secret" | "scope";
  /** Without it no token is given at all; else there is one that hardly anybody takes. */
  readonly is_vital: boolean;
  /** What comes of leaving it out, as a lowercase sentence. */
  readonly why: string;
}

/** What is known of one provider: data and named quirks. Nothing here makes a request. */
export interface Preset {
  readonly name: string;
  /** The provider's own name, for people. */
  readonly title: string;
  /** True for issuers that are surely of this provider; false where the host does not tell. */
  recognises(issuer: URL): boolean;
  readonly issuer_rule: IssuerRule;
  /** False where the provider has no discovery document: then `endpoints` is all there is. */
  readonly discovery: boolean;
  /** The endpoints that discovery lacks, of an issuer. */
  endpoints?(issuer: URL): Endpoints;
  readonly defaults: PresetDefaults;
  /** Parameters of the authorization request; a profile's own go first. */
  readonly authorization_params?: Readonly<Record<string, string>>;
  /** Parameters of the device authorization request; a profile's own go first. */
  readonly device_params?: Readonly<Record<string, string>>;
  /** True where the device authorization request must not carry the client's secret. */
  readonly device_request_without_secret?: true;
  /** The provider's own error codes, and what they mean in the standard's. */
  readonly dialect?: Readonly<Record<string, StandardError>>;
  /** Codes beyond the standard's that say, in the answer to a refresh, that the session is over. */
  readonly session_ended: readonly string[];
  /** Revoking one token takes away the person's consent, and every other session of this client with it. */
  readonly revocation_ends_consent?: true;
  /** Whether a refresh always brings a new refresh token and ends the old one, sometimes, or never. */
  readonly refresh_token: "rotates" | "may_rotate" | "stays";
  readonly needs?: readonly Need[];
  /** The key that names the API a token is for; without it `resource` (RFC 8707) is not for this provider. */
  readonly api_key?: "audience" | "resource";
  /** What must be switched on at the provider: one to three sentences. */
  readonly setup: string;
  /** What else is good to know, in a sentence or two. */
  readonly note: string;
  /** A profile that works as it stands once its placeholders are filled in. */
  readonly example: Readonly<Record<string, string | readonly string[]>>;
}

/** An address below the issuer, whose trailing slash, if any, does not count. */
export function below(issuer: URL, path: string): string {
  return `${issuer.origin}${issuer.pathname.replace(/\/$/, "")}${path}`;
}

/** True for the domain itself and the hosts in it. */
export function isWithin(issuer: URL, domain: string): boolean {
  return issuer.hostname === domain || issuer.hostname.endsWith(`.${domain}`);
}
