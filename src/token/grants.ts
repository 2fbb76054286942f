import type { OidcTokenError } from "../errors.js";
import type { Flow, UnattendedFlow } from "../profile.js";
import type { TokenSet } from "./token-set.js";

/** What RFC 8628 §3.2 answers, as far as a person is shown it. `expires_in` in seconds. */
export interface DeviceAuthorization {
  readonly verification_uri: string;
  readonly verification_uri_complete?: string;
  readonly user_code: string;
  readonly expires_in: number;
}

/** Where a browser is to go, and how it comes back. */
export interface BrowserRequest {
  readonly url: string;
  readonly redirect_uri: string;
  /** False where the person has to open it. */
  readonly opened: boolean;
  /**
   * Takes the address at which a browser has ended that could not come back here, from the person. Answers what is wrong
   * with it in a lowercase sentence; undefined where it completes the sign-in.
   */
  readonly paste: (address: string) => string | undefined;
}

/** How a sign-in under way is shown: to a person on a terminal, or as JSON events to a program. */
export interface SignInDisplay {
  browser(request: BrowserRequest): void;
  device(request: DeviceAuthorization): void;
  /** Something worth knowing that does not end the sign-in, as a lowercase sentence. */
  notice(sentence: string): void;
  /** Ends whatever is moving on the screen. Called once, whether the sign-in succeeded or not. */
  close(): void;
}

export interface SignInRequest {
  readonly flow: Flow;
  /** False: only show the URL. */
  readonly open_browser: boolean;
  /** The sign-in is given up, with an error about the browser, where none can be started: there is another way. */
  readonly needs_browser?: boolean;
  /** Seconds the person has. */
  readonly timeout: number;
  readonly display: SignInDisplay;
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal;
}

export type RefreshOutcome =
  | { readonly outcome: "refreshed"; readonly tokens: TokenSet }
  /** The answer cannot be used, for this reason, but it has brought another refresh token, and the old one is spent. */
  | { readonly outcome: "unusable"; readonly refresh_token: string; readonly error: OidcTokenError }
  /** The provider will not honour this refresh token again: `invalid_grant` or what it says instead. */
  | { readonly outcome: "session_ended"; readonly reason: string };

/**
 * What a provider can be asked for on behalf of one profile. Each method throws an OidcTokenError: `temporary`
 * for network trouble, 5xx and 429, `refused` where the provider says no, `interrupted` on abort,
 * `configuration` where the profile cannot work with this provider.
 */
export interface Grants {
  /**
   * RFC 6749 §6, with a proof by `dpop_key` where the token is bound to one. The answer's `refresh_token` is absent where the
   * provider keeps the old one.
   */
  refresh(refresh_token: string, dpop_key?: string): Promise<RefreshOutcome>;
  /** A token that needs no person, for flows such as `client_credentials`. */
  issue(flow: UnattendedFlow): Promise<TokenSet>;
  /** `authorization_code` or `device_code`. */
  signIn(request: SignInRequest): Promise<TokenSet>;
  /** Checks the signature of the ID token against the provider's keys. Throws `refused` where it is not the provider's. */
  verifyIdToken(tokens: TokenSet): Promise<void>;
  /**
   * RFC 7009: the refresh token where there is one, else the access token. Of a session that a newer one has replaced only
   * where that one stays alive.
   */
  revoke(tokens: TokenSet, replaced_by?: TokenSet): Promise<"revoked" | "not_supported">;
}
