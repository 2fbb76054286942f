export type StoreName = "keyring" | "file";

/**
 * A place that keeps one text per account. Every call ends: with an answer or, at the store's own deadline,
 * with an OidcTokenError of kind `store`.
 */
export interface Store {
  readonly name: StoreName;
  /** The text kept for this account, or undefined where there is none. */
  get(account: string): Promise<string | undefined>;
  /** Keeps the text, in place of what was there, durably before it returns. */
  set(account: string, value: string): Promise<void>;
  /** Forgets the account; true if there was something to forget. */
  delete(account: string): Promise<boolean>;
}
