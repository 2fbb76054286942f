/** What the fixture answers with; an object goes out as JSON. */
export interface Answer {
  /** 200 by default. */
  readonly status?: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A request as the provider sees it. */
export interface Seen {
  readonly path: string;
  readonly form: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Where the fixture listens: `other` is the same server by another host name. */
export interface Origins {
  readonly origin: string;
  readonly other: string;
}

/** What a provider issues; the server fills in tokens that differ each time. */
export interface Issued {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
}

/**
 * The documented behaviour of one provider. Hosts become loopback and polling intervals a second; the rest is as the
 * sources show it.
 */
export interface Fixture {
  readonly preset: string;
  readonly sources: readonly string[];
  /** Of the profile's issuer, on the loopback origin. */
  readonly issuer_path: string;
  /** What the profile says beside preset, issuer and flow. */
  readonly profile: Readonly<Record<string, unknown>>;
  /** The document at `issuer_path` + /.well-known/openid-configuration; absent where there is none. */
  readonly discovery?: (origins: Origins) => Readonly<Record<string, unknown>>;
  readonly paths: { readonly authorize: string; readonly token: string; readonly device?: string };
  /** The `iss` of ID tokens; undefined where the provider issues none. */
  readonly iss?: (origins: Origins) => string;
  readonly id_token_claims?: Readonly<Record<string, unknown>>;
  readonly device?: (origins: Origins) => Answer;
  /** While nobody has confirmed the device. */
  readonly pending?: Answer;
  readonly tokens: (issued: Issued) => Answer;
  readonly refreshed: (issued: Issued) => Answer;
  /** What the provider insists on, and its answer to a request without; undefined for one it takes. */
  readonly insist?: (seen: Seen, at: "device" | "token") => Answer | undefined;
  /** Parameters the authorization request must have. */
  readonly authorization_params?: Readonly<Record<string, string>>;
  /** The person says no: the answer to a poll, or the parameters of the redirect where there is no device flow. */
  readonly declined: Answer;
  /** How `login` then ends, and what it says; by default the provider's own word. */
  readonly declined_exit: 3 | 7;
  readonly declined_says?: string;
  /** The session has ended: the answer to a refresh. */
  readonly ended: Answer;
}

/** True where the client authenticates in the way named, and in no other (RFC 6749 §2.3). */
export function authenticatesBy(
  seen: Seen,
  method: "client_secret_basic" | "client_secret_post" | "none",
): boolean {
  const basic = seen.headers.authorization?.startsWith("Basic ") ?? false;
  const post = seen.form.has("client_secret");
  if (method === "client_secret_basic") return basic && !post;
  if (method === "client_secret_post") return post && !basic;
  return !basic && !post && seen.form.has("client_id");
}
