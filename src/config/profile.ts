export const FLOWS = ["authorization_code", "device_code", "client_credentials", "static_key"] as const;

export type Flow = (typeof FLOWS)[number];

/** Where a secret is to be found; it is resolved only when a request needs it (DESIGN §3). */
export type SecretReference =
  | { readonly from: "env"; readonly name: string }
  | { readonly from: "file"; readonly path: string }
  | { readonly from: "keyring" }
  | { readonly from: "plain"; readonly value: string };

export const STORE_CHOICES = ["auto", "keyring", "file"] as const;
export type StoreChoice = (typeof STORE_CHOICES)[number];

/** Client authentication methods in the names of RFC 7591 §2. */
export const CLIENT_AUTHS = ["client_secret_basic", "client_secret_post", "none"] as const;
export type ClientAuth = (typeof CLIENT_AUTHS)[number];

/** What a profile may be called: it becomes part of keyring accounts and file names. */
export const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Endpoints in the names of RFC 8414 §2; each overrides discovery. */
export interface Endpoints {
  readonly authorization_endpoint?: string;
  readonly token_endpoint?: string;
  readonly device_authorization_endpoint?: string;
  readonly revocation_endpoint?: string;
  readonly jwks_uri?: string;
}

/** One profile, validated, with every default applied, frozen. The keys are those of DESIGN §3. */
export interface Profile {
  readonly name: string;
  /** The store's account: the profile's name and a hash of what the token is for (DESIGN §4). */
  readonly account: string;
  readonly store: StoreChoice;
  readonly flow: readonly Flow[];
  /** What is known of the provider (src/providers/), named by the user or recognised from the issuer. */
  readonly preset: string;
  readonly issuer?: string;
  readonly client_id?: string;
  readonly client_secret?: SecretReference;
  readonly client_auth?: ClientAuth;
  readonly redirect_uri?: string;
  readonly scope?: string;
  readonly audience?: string;
  readonly resource: readonly string[];
  readonly authorization_params: Readonly<Record<string, string>>;
  readonly token_params: Readonly<Record<string, string>>;
  readonly endpoints: Endpoints;
  readonly id_token: "verify" | "ignore";
  /** Seconds before the expiry at which a refresh is due. */
  readonly refresh_before: number;
  /** The static key of the `static_key` flow. */
  readonly key?: SecretReference;
  readonly header: string;
  /** Put before the token in the header; empty for a bare value. */
  readonly header_scheme: string;
  readonly base_url?: string;
  /** Origins (scheme, host, port) the token may be sent to. */
  readonly allowed_origins: readonly string[];
  /** The provider's id in OpenCode. */
  readonly provider: string;
  readonly models: Readonly<Record<string, unknown>>;
  /** Seconds one request to the provider may take. */
  readonly timeout: number;
  readonly is_default: boolean;
}
