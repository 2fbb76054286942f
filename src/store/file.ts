import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { OidcTokenError } from "../errors.js";
import {
  checkPrivateFolder,
  encodeFileName,
  ensurePrivateFolder,
  errorCode,
  fileError,
} from "../files/private-folder.js";
import type { Store } from "./store.js";

/** A writer that is still at work renames its temporary file long before this, in milliseconds. */
const ABANDONED_AFTER = 60_000;

/** One 0600 file an account in a 0700 folder of this user. All I/O is synchronous: `get` is on the hot path. */
export class FileStore implements Store {
  readonly name = "file";
  readonly #folder: string;
  readonly #uid: number | undefined;

  /** `uid` owns folder and files; undefined (Windows) leaves protection to the ACL of the user's profile. */
  constructor(folder: string, uid: number | undefined = process.getuid?.()) {
    this.#folder = folder;
    this.#uid = uid;
  }

  async get(account: string): Promise<string | undefined> {
    if (!checkPrivateFolder(this.#folder, this.#uid)) return undefined;
    const path = this.#path(account);
    try {
      return this.#read(path);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw fileError("read", path, error);
    }
  }

  async set(account: string, value: string): Promise<void> {
    ensurePrivateFolder(this.#folder, this.#uid);
    const path = this.#path(account);
    const temporary = `${path}.${process.pid}-${process.hrtime.bigint().toString(36)}.tmp`;
    try {
      const written = this.#write(temporary, value);
      await this.#rename(temporary, path);
      this.#syncFolder();
      this.#removeTemporaries(
        (name, stats) => name.endsWith(".tmp") && stats.mtimeMs < written - ABANDONED_AFTER,
      );
    } catch (error) {
      remove(temporary);
      throw fileError("write", path, error);
    }
  }

  async delete(account: string): Promise<boolean> {
    if (!checkPrivateFolder(this.#folder, this.#uid)) return false;
    const path = this.#path(account);
    const prefix = `${encodeFileName(account)}.json.`;
    // A killed writer may have left a token in a temporary file, which is to be forgotten as well.
    this.#removeTemporaries((name) => name.startsWith(prefix) && name.endsWith(".tmp"));
    try {
      unlinkSync(path);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false;
      throw fileError("delete", path, error);
    }
    this.#syncFolder();
    return true;
  }

  #path(account: string): string {
    return join(this.#folder, `${encodeFileName(account)}.json`);
  }

  #read(path: string): string {
    // O_NONBLOCK: opening a FIFO would otherwise wait for a writer. Windows has neither flag.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    if (this.#uid === undefined && lstatSync(path).isSymbolicLink()) {
      throw Object.assign(new Error("link"), { code: "ELOOP" });
    }
    const descriptor = openSync(path, flags);
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile())
        throw refused(`${path} is not a file`, "remove it, then sign in again: oidc-token login");
      if (this.#uid !== undefined && stats.uid !== this.#uid) {
        throw refused(`${path} belongs to another user`, "remove it, then sign in again: oidc-token login");
      }
      if (this.#uid !== undefined && (stats.mode & 0o077) !== 0) {
        throw refused(
          `${path} can be read by other users`,
          `close it with: chmod 600 ${path}; where others may have read it, sign in again: oidc-token login`,
        );
      }
      return readFileSync(descriptor, "utf8");
    } finally {
      closeSync(descriptor);
    }
  }

  /** Answers the file system's own time of the write: clocks of two machines that share a home may differ. */
  #write(temporary: string, value: string): number {
    const descriptor = openSync(temporary, "wx", 0o600);
    try {
      if (this.#uid !== undefined) fchmodSync(descriptor, 0o600); // whatever the umask took away
      writeFileSync(descriptor, value, "utf8");
      fsyncSync(descriptor);
      return fstatSync(descriptor).mtimeMs;
    } finally {
      closeSync(descriptor);
    }
  }

  async #rename(temporary: string, path: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return renameSync(temporary, path);
      } catch (error) {
        // Windows refuses to replace a file while a reader has it open, which takes well under a millisecond.
        const busy = this.#uid === undefined && ["EPERM", "EACCES", "EBUSY"].includes(errorCode(error));
        if (!busy || attempt === 20) throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  #syncFolder(): void {
    if (this.#uid === undefined) return; // a folder cannot be opened on Windows
    const descriptor = openSync(this.#folder, constants.O_RDONLY);
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  #removeTemporaries(abandoned: (name: string, stats: { mtimeMs: number }) => boolean): void {
    for (const name of readdirSync(this.#folder)) {
      if (!name.endsWith(".tmp")) continue;
      const path = join(this.#folder, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats !== undefined && abandoned(name, stats)) remove(path);
    }
  }
}

/** Removes a file that another process may be removing at the same moment. */
function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw fileError("delete", path, error);
  }
}

function refused(message: string, hint: string): OidcTokenError {
  return new OidcTokenError("store", message, hint);
}
