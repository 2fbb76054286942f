/** What a provider issued, in the names of RFC 6749 §5.1; times in seconds since the epoch. */
export interface TokenSet {
  readonly access_token: string;
  readonly token_type: string;
  /** When the provider's answer arrived. */
  readonly obtained_at: number;
  /** Absent: the provider did not say and the token is opaque, so it counts as valid until a server refuses it. */
  readonly expires_at?: number;
  readonly refresh_token?: string;
  /** When that ends, where the provider has said so. */
  readonly refresh_expires_at?: number;
  /** The key that the refresh token is bound to (RFC 9449 §5): a private JWK, as text. */
  readonly dpop_key?: string;
  readonly id_token?: string;
  /** Its signature was checked against the provider's keys: done once, when it is first used as a credential. */
  readonly id_token_verified?: true;
  readonly scope?: string;
}
