import type { StoreChoice } from "../config/profile.js";
import { OidcTokenError } from "../errors.js";
import type { KeyringState } from "./keyring.js";
import type { Store, StoreName } from "./store.js";
import type { Kept, TokenStore } from "./token-store.js";

/** A keyring that can be asked whether it answers; `KeyringStore` is one. */
export interface KeyringLike extends Store {
  state(deadline?: number): Promise<KeyringState>;
}

export interface TokenStoreParts {
  readonly choice: StoreChoice;
  readonly file: Store;
  readonly keyring: KeyringLike;
  /** Called with a lowercase sentence where something is worth telling the user. */
  readonly notice: (sentence: string) => void;
}

/** Milliseconds a keyring has to answer that is asked only in case an earlier configuration left a token there. */
const ASIDE_DEADLINE = 1_000;

/**
 * The store a configuration asks for. The file is always the newer one: it is read first, and a text on its way
 * to the keyring or away from it is in the file before the other copy changes. So a process killed between the
 * steps may leave two copies, but never lets an old refresh token be read, which would end the session at a
 * provider that detects reuse.
 */
export function chooseTokenStore(parts: TokenStoreParts): TokenStore {
  return new ChosenStore(parts);
}

class ChosenStore implements TokenStore {
  readonly #choice: StoreChoice;
  readonly #file: Store;
  readonly #keyring: KeyringLike;
  readonly #notice: (sentence: string) => void;
  /** Accounts that `get` has found in the keyring, to save asking again. */
  readonly #inKeyring = new Set<string>();

  constructor({ choice, file, keyring, notice }: TokenStoreParts) {
    this.#choice = choice;
    this.#file = file;
    this.#keyring = keyring;
    this.#notice = notice;
  }

  async get(account: string): Promise<Kept | undefined> {
    const inFile = await this.#file.get(account);
    if (inFile !== undefined) return { text: inFile, store: "file" };
    if (!(await this.#mayHold())) return undefined;
    const text = await this.#keyring.get(account);
    if (text === undefined) return undefined;
    this.#inKeyring.add(account);
    return { text, store: "keyring" };
  }

  async set(account: string, text: string): Promise<StoreName> {
    if (this.#choice === "keyring") return this.#toKeyring(account, text);
    const inFile = (await this.#file.get(account)) !== undefined;
    if (this.#choice === "file") {
      // Where the file held it already, the keyring is left alone: it may be why the file was chosen.
      return inFile ? this.#write(account, text) : this.#toFile(account, text);
    }
    if (inFile) return this.#write(account, text);
    if (!this.#inKeyring.has(account) && (await this.get(account)) === undefined)
      return this.place(account, text);
    return this.#toKeyringOrFile(account, text);
  }

  async place(account: string, text: string): Promise<StoreName> {
    if (this.#choice === "file") return this.#toFile(account, text);
    if (this.#choice === "keyring") return this.#toKeyring(account, text);
    return this.#toKeyringOrFile(account, text);
  }

  async delete(account: string): Promise<boolean> {
    const inFile = await this.#file.delete(account);
    const state = await this.#keyring.state(this.#choice === "file" ? ASIDE_DEADLINE : undefined);
    if (!state.usable && state.absent) {
      if (this.#choice === "keyring" && !inFile) throw state.error;
      return inFile;
    }
    try {
      return (await this.#keyring.delete(account)) || inFile;
    } catch (error) {
      if (!(error instanceof OidcTokenError) || this.#choice === "keyring") throw error;
      if (this.#choice === "auto" && !inFile) throw error;
      this.#notice(`${error.message}, so what it may hold of this sign-in stays there`);
      return inFile;
    } finally {
      this.#inKeyring.delete(account);
    }
  }

  /** Whether the keyring is to be read. Throws where it may hold the account but cannot be read. */
  async #mayHold(): Promise<boolean> {
    const state = await this.#keyring.state(this.#choice === "file" ? ASIDE_DEADLINE : undefined);
    if (state.usable) return true;
    if (this.#choice === "keyring") return true; // `get` says what is wrong, after unlocking it where it may
    return this.#choice === "auto" && !state.absent;
  }

  async #write(account: string, text: string): Promise<StoreName> {
    await this.#file.set(account, text);
    return "file";
  }

  async #toKeyringOrFile(account: string, text: string): Promise<StoreName> {
    try {
      return await this.#toKeyring(account, text);
    } catch (error) {
      if (!(error instanceof OidcTokenError)) throw error;
      this.#notice(`${error.message}, so the token is kept in a file that only you can read`);
      return this.#toFile(account, text);
    }
  }

  async #toKeyring(account: string, text: string): Promise<StoreName> {
    const inFile = (await this.#file.get(account)) !== undefined;
    if (inFile) await this.#file.set(account, text);
    await this.#keyring.set(account, text);
    if (inFile) await this.#file.delete(account);
    return "keyring";
  }

  async #toFile(account: string, text: string): Promise<StoreName> {
    await this.#file.set(account, text);
    const state = await this.#keyring.state(ASIDE_DEADLINE);
    if (!state.usable) return "file";
    try {
      await this.#keyring.delete(account);
    } catch (error) {
      if (!(error instanceof OidcTokenError)) throw error;
      // The file counts from now on, whatever an unreachable keyring still holds.
    }
    return "file";
  }
}
