import type { StoreName } from "./store.js";

export interface Kept {
  readonly text: string;
  readonly store: StoreName;
}

/**
 * The store a configuration asks for (`auto`, `keyring` or `file`), made of the real stores. Only one of them
 * holds an account at a time; where a killed process has left two, the file's is the newer and the one that is read.
 */
export interface TokenStore {
  /**
   * Looks in the file first (one failed open), then in the keyring, whatever the choice: an earlier configuration may
   * have put it there. Only with `file` does a keyring that cannot be read not matter.
   */
  get(account: string): Promise<Kept | undefined>;
  /**
   * Makes sure that `set` can keep what a refresh of this text brings, before a refresh token is spent that cannot be
   * kept: room in the file system is held until it is released, a keyring is asked for a write. Throws where
   * nothing can keep it.
   */
  reserve(account: string, text: string): Promise<() => Promise<void>>;
  /** With `auto` keeps it where it is already kept; otherwise, and where it is kept nowhere, as `place` does. */
  set(account: string, text: string): Promise<StoreName>;
  /** At sign-in: chooses the store anew, moves the account there, tells once if `auto` fell back to the file. */
  place(account: string, text: string): Promise<StoreName>;
  /** Forgets the account in every store that can be reached. */
  delete(account: string): Promise<boolean>;
}
