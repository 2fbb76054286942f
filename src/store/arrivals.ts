import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { errorCode, fileError } from "../files/file-error.js";
import { encodeFileName, ensurePrivateFolder } from "../files/folder.js";
import { readKept } from "../files/read.js";
import { createFile, removeQuietly } from "../files/replace.js";
import { usableFolder } from "./lock-folders.js";
import { isAlive, myself, parseOwner } from "./lock-owner.js";

/** Tokens that are on their way: a sign-in or a refresh has begun. */
export interface Arrival {
  /** A logout has come in between, so what arrives is not to be kept. */
  isCalledOff(): boolean;
  end(): void;
}

/** What is on its way to each account, known to every process of this user. */
export interface Arrivals {
  /** Throws an OidcTokenError of kind `store` or `temporary`. */
  announce(account: string): Arrival;
  /** Every account that something is on its way to. */
  accounts(): readonly string[];
  /** Calls off whatever is on its way to this account. To be called with the account's lock in hand. */
  callOff(account: string): void;
}

/** Bytes. */
const MOST = 4096;

/**
 * Arrivals as files, beside the locks: each announces itself with one and finds out by its absence that it was called
 * off. No clock is asked and nothing is counted, so neither a clock that is set nor an emptied folder makes a sign-in
 * count that a logout has overtaken.
 */
export class ProcessArrivals implements Arrivals {
  readonly #folders: readonly string[];
  readonly #uid: number | undefined;

  /** The folders are those of the lock. */
  constructor(folders: readonly string[], uid: number | undefined = process.getuid?.()) {
    this.#folders = folders;
    this.#uid = uid;
  }

  announce(account: string): Arrival {
    const folder = this.#folder();
    const prefix = prefixOf(account);
    for (const path of this.#announced(folder, prefix)) if (isAbandoned(path)) removeQuietly(path);
    const path = join(folder, `${prefix}${process.pid}-${process.hrtime.bigint().toString(36)}`);
    try {
      createFile(path, JSON.stringify(myself()));
    } catch (error) {
      throw fileError(error, { action: "write", path });
    }
    return { isCalledOff: () => !existsSync(path), end: () => removeQuietly(path) };
  }

  accounts(): readonly string[] {
    const names = this.#announced(this.#folder(), "").map((path) => basename(path).split("~")[0] as string);
    return [...new Set(names)].map(decodeURIComponent);
  }

  callOff(account: string): void {
    for (const path of this.#announced(this.#folder(), prefixOf(account))) removeQuietly(path);
  }

  #folder(): string {
    const folder = join(usableFolder(this.#folders, this.#uid), "arrivals");
    ensurePrivateFolder(folder, this.#uid);
    return folder;
  }

  #announced(folder: string, prefix: string): string[] {
    const names = readdirSync(folder).filter((name) => name.startsWith(prefix) && !name.endsWith(".tmp"));
    return names.map((name) => join(folder, name));
  }
}

/** No encoded name has a tilde. */
function prefixOf(account: string): string {
  return `${encodeFileName(account)}~`;
}

/** Whether a process that is no more has left it. */
function isAbandoned(path: string): boolean {
  try {
    const owner = parseOwner(readKept(path, MOST));
    return owner !== undefined && isAlive(owner) === false;
  } catch (error) {
    return errorCode(error) !== "ENOENT";
  }
}
