import { fileError } from "../files/file-error.js";
import { checkPrivateFolder, ensurePrivateFolder } from "../files/folder.js";
import { overwriteFile, type Reservation, removeFile, replaceFile, reserveFile } from "../files/replace.js";
import { given } from "../given.js";
import type { RoomyStore } from "./choose.js";
import { pathOf, readFileStore } from "./file-read.js";

/** One 0600 file an account in a 0700 folder of this user. */
export class FileStore implements RoomyStore {
  readonly name = "file";
  readonly #folder: string;
  readonly #uid: number | undefined;
  readonly #rooms = new Map<string, Reservation>();

  /** `uid` owns folder and files; undefined (Windows) leaves protection to the ACL of the user's profile. */
  constructor(folder: string, uid: number | undefined = process.getuid?.()) {
    this.#folder = folder;
    this.#uid = uid;
  }

  async get(account: string): Promise<string | undefined> {
    return readFileStore(this.#folder, account, this.#uid);
  }

  async set(account: string, value: string): Promise<void> {
    ensurePrivateFolder(this.#folder, this.#uid);
    const path = pathOf(this.#folder, account);
    const room = this.#rooms.get(account);
    this.#rooms.delete(account);
    try {
      // Whatever account it was for, a token lies in what a killed writer left.
      replaceFile(path, value, { sweep: "", ...given({ room }) });
    } catch (error) {
      // The folder was closed after the refresh token was spent: rather a write that a kill could tear.
      if (room !== undefined && overwrote(path, value)) return;
      throw fileError(error, { action: "write", path });
    }
  }

  async reserve(account: string, bytes: number): Promise<void> {
    ensurePrivateFolder(this.#folder, this.#uid);
    const path = pathOf(this.#folder, account);
    await this.release(account);
    try {
      this.#rooms.set(account, reserveFile(path, bytes));
    } catch (error) {
      throw fileError(error, { action: "write", path });
    }
  }

  async release(account: string): Promise<void> {
    this.#rooms.get(account)?.release();
    this.#rooms.delete(account);
  }

  async delete(account: string): Promise<boolean> {
    if (!checkPrivateFolder(this.#folder, this.#uid)) return false;
    const path = pathOf(this.#folder, account);
    try {
      return removeFile(path);
    } catch (error) {
      throw fileError(error, { action: "delete", path });
    }
  }
}

function overwrote(path: string, text: string): boolean {
  try {
    overwriteFile(path, text);
    return true;
  } catch {
    return false;
  }
}
