import { OidcTokenError, tooManyFiles } from "../errors.js";
import { holdDescriptors } from "../files/spare.js";
import type { StoreChoice } from "../profile.js";
import { KeyringUnusable } from "./keyring/trouble.js";
import { ASIDE_DEADLINE, readStores } from "./read.js";
import type { Store, StoreName } from "./store.js";
import type { Kept, TokenStore } from "./token-store.js";

/** A store that may not be there: then it throws KeyringUnusable, within `deadline` milliseconds. */
export interface Keyring extends Store {
  get(account: string, deadline?: number): Promise<string | undefined>;
  delete(account: string, deadline?: number): Promise<boolean>;
}

/** A store that can be asked for room before it is needed. */
export interface RoomyStore extends Store {
  /** Takes and holds so many bytes for this account, until they are released or `set` has filled them. */
  reserve(account: string, bytes: number): Promise<void>;
  release(account: string): Promise<void>;
}

export interface TokenStoreParts {
  readonly choice: StoreChoice;
  readonly file: RoomyStore;
  readonly keyring: Keyring;
  /** Called with a lowercase sentence where something is worth telling the user. */
  readonly notice: (sentence: string) => void;
}

/** Bytes held for the answer to a refresh: as much as there is now and again, and not less than this. */
const LEAST_ROOM = 16 * 1024;

/**
 * The store a configuration asks for. The file is always the newer one: it is read first, and a text on its way
 * to the keyring or away from it is in the file before the other copy changes. So a process killed between the
 * steps may leave two copies, but never lets an old refresh token be read, which would end the session at a
 * provider that detects reuse.
 */
export class ChosenStore implements TokenStore {
  readonly #choice: StoreChoice;
  readonly #file: RoomyStore;
  readonly #keyring: Keyring;
  readonly #notice: (sentence: string) => void;
  /** Accounts that `get` has found in the keyring, to save asking again. */
  readonly #inKeyring = new Set<string>();
  /** Of the last reservation. */
  #spare: ReturnType<typeof holdDescriptors> | undefined;

  constructor({ choice, file, keyring, notice }: TokenStoreParts) {
    this.#choice = choice;
    this.#file = file;
    this.#keyring = keyring;
    this.#notice = notice;
  }

  async get(account: string): Promise<Kept | undefined> {
    const kept = await readStores(this.#choice, { file: this.#file, keyring: this.#keyring }, account);
    if (kept?.store === "keyring") this.#inKeyring.add(account);
    return kept;
  }

  async reserve(account: string, text: string): Promise<() => Promise<void>> {
    const release = await this.#reserve(account, text);
    try {
      this.#spare = holdDescriptors();
    } catch (error) {
      const too_many = tooManyFiles(error);
      if (too_many) await release();
      if (too_many) throw too_many;
    }
    return async () => {
      this.#spare?.release();
      await release();
    };
  }

  async #reserve(account: string, text: string): Promise<() => Promise<void>> {
    const room = Math.max(LEAST_ROOM, 2 * Buffer.byteLength(text));
    const inFile = (await this.#file.get(account)) !== undefined;
    if (this.#choice === "keyring" || (this.#choice === "auto" && !inFile)) {
      try {
        // That it can be read says nothing: what is there is written once more.
        await this.#keyring.set(account, text);
        if (!inFile) return async () => {};
      } catch (error) {
        if (this.#choice === "keyring" || !(error instanceof OidcTokenError)) throw error;
        try {
          await this.#file.reserve(account, room);
        } catch {
          throw error; // the keyring is where it is to be, and what a person can mend
        }
        return () => this.#file.release(account);
      }
    }
    await this.#file.reserve(account, room);
    return () => this.#file.release(account);
  }

  async set(account: string, text: string): Promise<StoreName> {
    this.#spare?.release();
    if (this.#choice === "keyring") return this.#toKeyring(account, text);
    const inFile = (await this.#file.get(account)) !== undefined;
    if (this.#choice === "file") {
      // Where the file held it already, the keyring is left alone: it may be why the file was chosen.
      return inFile ? this.#write(account, text) : this.#toFile(account, text);
    }
    if (inFile) return this.#keepInFile(account, text);
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
    this.#inKeyring.delete(account);
    try {
      return (await this.#keyring.delete(account, this.#deadline)) || inFile;
    } catch (error) {
      if (!(error instanceof OidcTokenError)) throw error;
      if (error instanceof KeyringUnusable && error.trouble === "absent") {
        if (this.#choice === "keyring" && !inFile) throw error;
        return inFile;
      }
      if (this.#choice === "keyring" || (this.#choice === "auto" && !inFile)) throw error;
      this.#notice(`${error.message}, so what it may hold of this sign-in stays there`);
      return inFile;
    }
  }

  get #deadline(): number | undefined {
    return this.#choice === "file" ? ASIDE_DEADLINE : undefined;
  }

  /** Back to the keyring where that still has the older text which a file has rescued the session from. */
  async #keepInFile(account: string, text: string): Promise<StoreName> {
    await this.#file.set(account, text);
    try {
      if ((await this.#keyring.get(account, ASIDE_DEADLINE)) === undefined) return "file";
      await this.#keyring.set(account, text);
    } catch (error) {
      if (!(error instanceof OidcTokenError)) throw error;
      return "file";
    }
    await this.#file.delete(account);
    return "keyring";
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
    try {
      await this.#keyring.delete(account, ASIDE_DEADLINE);
    } catch (error) {
      if (!(error instanceof OidcTokenError)) throw error;
      // The file counts from now on, whatever an unreachable keyring still holds.
    }
    return "file";
  }
}
