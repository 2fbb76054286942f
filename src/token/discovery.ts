import type { ClientAuth, Endpoints } from "../profile.js";

/** RFC 8628 §3.4. */
export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** An API as it describes itself (RFC 9728 §2). */
export interface FoundApi {
  /** What tokens for it are asked for (RFC 8707). */
  readonly resource: string;
  readonly scopes?: readonly string[];
  /** Where it says so. */
  readonly document: string;
}

/** A provider as it describes itself (RFC 8414 §2, OpenID Connect Discovery §3), completed by its preset. */
export interface FoundServer {
  readonly issuer: string;
  /** The name of a preset. */
  readonly preset: string;
  /** Where it says so; undefined where only the preset knows. */
  readonly document?: string;
  readonly endpoints: Endpoints;
  readonly registration_endpoint?: string;
  /** In the names of RFC 7591 §2. */
  readonly grants: readonly string[];
  /** Undefined: it does not say. */
  readonly scopes?: readonly string[];
  readonly client_auths?: readonly string[];
  /** A client may be known to it by the address of a document (draft-ietf-oauth-client-id-metadata-document). */
  readonly client_documents?: true;
  /** It signs people in with OpenID Connect. */
  readonly openid: boolean;
  /** Hosts other than the issuer's own that a sign-in would go to, and that no preset knows of. */
  readonly elsewhere: readonly string[];
}

/** What stands behind an address. */
export interface Found {
  readonly api?: FoundApi;
  /** The address is of an API, whether it describes itself or not. */
  readonly is_api: boolean;
  readonly server: FoundServer;
}

/** What a client is to be registered with (RFC 7591 §2). */
export interface Registration {
  readonly client_name: string;
  readonly redirect_uri: string;
  readonly grants: readonly string[];
  readonly scope: string | undefined;
}

export interface RegisteredClient {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly client_auth?: ClientAuth;
  /** What it is changed and deleted with (RFC 7592). */
  readonly management?: { readonly uri: string; readonly access_token: string };
}

/** Learns from an address all that a profile needs. Nothing that it answers has been believed for another origin. */
export interface Discovery {
  /**
   * Whose address this is: an API's or a provider's. `preset` where it is known whose. Throws `configuration` where
   * nothing there says how to sign in, `refused` for a document that is not to be believed, `temporary` for network
   * trouble.
   */
  find(address: URL, preset?: string): Promise<Found>;
  /** The provider of this issuer. Throws as `find` does. */
  provider(issuer: URL, preset: string): Promise<FoundServer>;
  /** RFC 7591. Throws `refused` where the server registers nobody without more. */
  register(server: FoundServer, registration: Registration): Promise<RegisteredClient>;
}
