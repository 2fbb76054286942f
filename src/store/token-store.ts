import type { StoreName } from "./store.js";

export interface Kept {
  readonly text: string;
  readonly store: StoreName;
}

/**
 * The store a configuration asks for (`auto`, `keyring` or `file`), made of the real stores. Only one of them
 * holds an account at a time; where two were left by a killed process, the text of both is the same.
 */
export interface TokenStore {
  /** Looks where the token may be: for `auto` in the file first (one failed open), then in the keyring. */
  get(account: string): Promise<Kept | undefined>;
  /** Keeps it where it is already kept; where it is kept nowhere, as `place` does. */
  set(account: string, text: string): Promise<StoreName>;
  /** At sign-in: chooses the store anew, moves the account there, tells once if `auto` fell back to the file. */
  place(account: string, text: string): Promise<StoreName>;
  /** Forgets the account in every store that can be reached. */
  delete(account: string): Promise<boolean>;
}
