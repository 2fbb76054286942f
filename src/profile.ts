import { printable } from "./text.js";

export const FLOWS = [
  "authorization_code",
  "device_code",
  "client_credentials",
  "token_exchange",
  "jwt_bearer",
  "static_key",
] as const;

export type Flow = (typeof FLOWS)[number];

const UNATTENDED_FLOWS = [
  "client_credentials",
  "token_exchange",
  "jwt_bearer",
] as const satisfies readonly Flow[];

/** A flow that needs no person. */
export type UnattendedFlow = (typeof UNATTENDED_FLOWS)[number];

export function isUnattended(flow: Flow): flow is UnattendedFlow {
  return (UNATTENDED_FLOWS as readonly Flow[]).includes(flow);
}

/** Whether a person signs in. */
export function isAttended(flow: Flow): boolean {
  return flow === "authorization_code" || flow === "device_code";
}

/** Where a text is to be found that is resolved only when a request needs it (DESIGN §3). */
export type TextReference =
  | { readonly from: "env"; readonly name: string }
  | { readonly from: "file"; readonly path: string }
  | { readonly from: "plain"; readonly value: string };

/** What each kind of reference may be. */
export interface ReferenceOf {
  /** Something that is asked for once at login and kept, where it is to be. */
  readonly secret: TextReference | { readonly from: "keyring" };
  /** A key or certificate in PEM, or a JWK: it may have many lines. */
  readonly key: TextReference;
  /** A token that proves who this program runs for: it changes often, so it is asked for each time. */
  readonly token:
    | TextReference
    /** A program and its arguments, run without a shell. */
    | { readonly from: "command"; readonly argv: readonly string[] }
    /** The token endpoint of a GitHub Actions job. */
    | { readonly from: "github_actions"; readonly audience?: string };
}
export type AnyReference = ReferenceOf[keyof ReferenceOf];
export type SecretReference = ReferenceOf["secret"];
export type TokenReference = ReferenceOf["token"];

/** The keys of a profile that refer to something, what kind of reference each takes, and whether it is secret. */
export const REFERENCES = {
  client_secret: { kind: "secret", is_secret: true },
  key: { kind: "secret", is_secret: true },
  private_key: { kind: "key", is_secret: true },
  client_cert: { kind: "key", is_secret: false },
  client_key: { kind: "key", is_secret: true },
  subject_token: { kind: "token", is_secret: true },
  assertion: { kind: "token", is_secret: true },
} as const satisfies Record<string, { readonly kind: keyof ReferenceOf; readonly is_secret: boolean }>;
export type ReferenceKey = keyof typeof REFERENCES;
export const REFERENCE_KEYS = Object.keys(REFERENCES) as ReferenceKey[];

/** What a profile refers to; which key is for what is said where the file's keys are described. */
export type References = {
  readonly [Key in ReferenceKey]?: ReferenceOf[(typeof REFERENCES)[Key]["kind"]];
};

/** Whether a reference is to a text that can be read without a store, a program or a request. */
export function isText(reference: AnyReference): reference is TextReference {
  return ["env", "file", "plain"].includes(reference.from);
}

/** The references of a profile to what must not be seen, each with its key. */
export function secretsOf(profile: References): [ReferenceKey, AnyReference][] {
  return REFERENCE_KEYS.flatMap((key) => {
    const reference = REFERENCES[key].is_secret ? profile[key] : undefined;
    return reference ? [[key, reference]] : [];
  });
}

export const STORE_CHOICES = ["auto", "keyring", "file"] as const;
export type StoreChoice = (typeof STORE_CHOICES)[number];

/** Whose API a service speaks. */
export const APIS = ["openai", "anthropic", "gemini"] as const;
export type Api = (typeof APIS)[number];

/** Client authentication methods in the names of RFC 7591 §2 and RFC 8705 §2. */
export const CLIENT_AUTHS = [
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
  "tls_client_auth",
  "self_signed_tls_client_auth",
  "none",
] as const;
export type ClientAuth = (typeof CLIENT_AUTHS)[number];

export const AGENT_CHOICES = ["refuse", "allow"] as const;

export const ASSERTION_AUDIENCES = ["issuer", "token_endpoint"] as const;

/** What a profile may be called: it becomes part of keyring accounts and file names. */
export const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Endpoints in the names of RFC 8414 §2; each overrides discovery. */
export const ENDPOINTS = [
  "authorization_endpoint",
  "token_endpoint",
  "device_authorization_endpoint",
  "revocation_endpoint",
  "jwks_uri",
] as const;
export type Endpoints = { readonly [Name in (typeof ENDPOINTS)[number]]?: string };

/** The keys that say where a token may go, and over what. */
export const DESTINATION_KEYS = ["base_url", "allowed_origins", "endpoints", "proxy", "ca_file"] as const;

/** The variable that overrides a key of the selected profile. */
export function variableOf(key: string): string {
  return `OIDC_TOKEN_${key.toUpperCase()}`;
}

/** One profile, validated, with every default applied, frozen. The keys are those of DESIGN §3. */
export interface Profile extends References {
  readonly name: string;
  /** The store's account: the profile's name and a hash of what the token is for (DESIGN §4). */
  readonly account: string;
  readonly store: StoreChoice;
  readonly flow: readonly Flow[];
  /** What is known of the provider (src/providers/), named by the user or recognised from the issuer. */
  readonly preset: string;
  readonly issuer?: string;
  readonly client_id?: string;
  readonly client_auth?: ClientAuth;
  /** The `kid` of `private_key`, where the key itself does not say. */
  readonly private_key_id?: string;
  /** Whom a `private_key_jwt` assertion is addressed to (RFC 7523 §3). */
  readonly client_assertion_audience?: (typeof ASSERTION_AUDIENCES)[number];
  readonly redirect_uri?: string;
  /** True: the refresh tokens of a sign-in are bound to a key that is kept with them (RFC 9449). */
  readonly dpop?: boolean;
  /** The type of the token that `token_exchange` trades in, and what is asked for (RFC 8693 §2.1). */
  readonly subject_token_type?: string;
  readonly requested_token_type?: string;
  readonly scope?: string;
  readonly audience?: string;
  readonly resource: readonly string[];
  readonly authorization_params: Readonly<Record<string, string>>;
  readonly token_params: Readonly<Record<string, string>>;
  readonly endpoints: Endpoints;
  readonly id_token: "verify" | "ignore";
  /** Seconds before the expiry at which a refresh is due. */
  readonly refresh_before: number;
  readonly header: string;
  /** Put before the token in the header; empty for a bare value. */
  readonly header_scheme: string;
  /** Whose API the service at `base_url` speaks. */
  readonly api: readonly Api[];
  readonly base_url?: string;
  /** Origins (scheme, host, port) the token may be sent to. */
  readonly allowed_origins: readonly string[];
  /** The provider's id in OpenCode. */
  readonly provider: string;
  readonly models: Readonly<Record<string, unknown>>;
  /** Whether OpenCode's remote MCP servers at `allowed_origins` get the token, too. */
  readonly mcp: boolean;
  /** Whether the shells of a coding agent get its token. */
  readonly agent: (typeof AGENT_CHOICES)[number];
  /** Seconds one request to the provider may take. */
  readonly timeout: number;
  /** A file with CA certificates in PEM, trusted in addition to the runtime's own. */
  readonly ca_file?: string;
  /** The proxy for requests to the provider; may hold a password. */
  readonly proxy?: string;
  readonly is_default: boolean;
  /**
   * The real path of the project's file that defines it, where that is not the user's own. Whatever is stored for it is
   * for it alone, a client secret included.
   */
  readonly project?: string;
  /** The configuration file that defines it, where that is only found by `--config`. */
  readonly config?: string;
  /** The variables that lead its token elsewhere than the file does, so that the account is another one (DESIGN §4). */
  readonly diverted_by?: readonly string[];
}

/** A command on this profile, whole, as a hint names it: whoever types it must reach the same profile of the same file. */
export function commandOn({ name, config }: Pick<Profile, "name" | "config">, words = "login"): string {
  const path = config === undefined ? "" : printable(config);
  const file = /^[\w./:\\+-]*$/.test(path) ? path : `"${path}"`;
  return `oidc-token ${words} --profile ${name}${file && ` --config ${file}`}`;
}

/** Why nothing that was stored before counts for a profile, in a sentence; undefined where nothing leads it elsewhere. */
export function diversionOf({ name, diverted_by }: Profile): string | undefined {
  if (!diverted_by) return undefined;
  const variables = diverted_by.join(" and ");
  const [lead, it] = diverted_by.length === 1 ? ["leads", "it"] : ["lead", "them"];
  return `${variables} ${lead} profile "${name}" elsewhere than your configuration file does, so a sign-in without ${it} does not count`;
}
