import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorCode } from "./file-error.js";

/** Milliseconds after which a temporary file belongs to nobody any more. */
const ABANDONED = 60_000;

export interface Replacement {
  /** Of the new file, whatever the umask; 0600 unless told. */
  readonly mode?: number;
  /** False where the old text is as good after a power cut, or none: it spares the disk a wait. */
  readonly durable?: boolean;
  /** Temporary files of a killed process go that begin so; unless told, those of this very file. */
  readonly sweep?: string;
  /** Is given the path of the new text before it counts, and throws where it is wrong: what was there then stays. */
  readonly check?: (temporary: string) => void;
  /** Takes the new text, so that a disk that has filled up since does not refuse it. */
  readonly room?: Reservation;
}

/** Bytes on the disk beside a file, for its next text. */
export interface Reservation {
  readonly temporary: string;
  /** Gives them back, where no text has taken them. */
  release(): void;
}

/** Takes so many bytes on the disk for the next text of a file, which may end in spaces then. Throws the system's error and then leaves nothing behind. */
export function reserveFile(path: string, bytes: number): Reservation {
  const temporary = temporaryName(path);
  try {
    write(temporary, " ".repeat(bytes), { mode: 0o600, durable: true, flag: "wx" });
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  return { temporary, release: () => removeQuietly(temporary) };
}

/**
 * Puts a text in the place of a file in one step: who reads it, or is killed, finds the old text or the new one. A link
 * is replaced, not followed. Throws the system's error, or what `check` throws, and then leaves nothing behind.
 */
export function replaceFile(path: string, text: string | Uint8Array, how: Replacement = {}): void {
  const { mode = 0o600, durable = true, sweep = `${basename(path)}.`, check, room } = how;
  const temporary = room?.temporary ?? temporaryName(path);
  try {
    // A long wait, or somebody who tidies up, may have cost the room.
    const flag = room !== undefined && existsSync(temporary) ? "r+" : "wx";
    const written = write(temporary, text, { mode, durable, flag });
    check?.(temporary);
    rename(temporary, path);
    if (durable) syncFolder(dirname(path));
    removeTemporaries(dirname(path), sweep, written - ABANDONED);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
}

/**
 * Creates a file with its content in one step, so that no reader finds it half written; false if there is one. Throws
 * the system's error.
 */
export function createFile(path: string, text: string): boolean {
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, text, { flag: "wx", mode: 0o600 });
    try {
      linkSync(temporary, path);
    } catch (error) {
      const no_links = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "UNKNOWN"];
      if (!no_links.includes(errorCode(error))) throw error;
      // No hard links here (exFAT, some network file systems). A reader may find it still empty.
      writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    }
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    removeQuietly(temporary);
  }
}

/**
 * Writes over a file that is there, needing no room: for where nothing can be put in its place. The text may end in spaces
 * then. Throws the system's error.
 */
export function overwriteFile(path: string, text: string): void {
  const file = openSync(path, "r+");
  try {
    const length = Buffer.byteLength(text);
    writeFileSync(file, text + " ".repeat(Math.max(0, fstatSync(file).size - length)));
    shorten(file, length);
  } finally {
    closeSync(file);
  }
}

/** A disk that takes no more may refuse even that; what is left are spaces. */
function shorten(file: number, length: number): void {
  try {
    ftruncateSync(file, length);
  } catch {
    // The text counts all the same.
  }
}

/** Removes what it can of a folder's temporary files that begin with `prefix` and were last written before `time`. */
function removeTemporaries(folder: string, prefix: string, time: number): void {
  try {
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(prefix) || !name.endsWith(".tmp")) continue;
      const path = join(folder, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats && stats.mtimeMs < time) removeQuietly(path);
    }
  } catch {
    // A folder that can't be listed: what was to be done is done.
  }
}

/** Removes a file for good, with what killed writers left of it; false where there was none. Throws the system's error. */
export function removeFile(path: string): boolean {
  removeTemporaries(dirname(path), `${basename(path)}.`, Number.POSITIVE_INFINITY);
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
  syncFolder(dirname(path));
  return true;
}

/** Removes a file, if it is there and can be removed. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody else removed it first, or it stays for the next one to remove.
  }
}

function temporaryName(path: string): string {
  return `${path}.${process.pid}-${process.hrtime.bigint().toString(36)}.tmp`;
}

/** Answers the file system's own time of the write: clocks of two machines that share a home may differ. */
function write(
  path: string,
  text: string | Uint8Array,
  { mode, durable, flag }: { mode: number; durable: boolean; flag: "wx" | "r+" },
): number {
  const file = openSync(path, flag, 0o600);
  try {
    if (process.platform !== "win32") fchmodSync(file, mode & 0o7777);
    writeFileSync(file, text);
    if (flag === "r+") shorten(file, Buffer.byteLength(text));
    if (durable) fsyncSync(file);
    return fstatSync(file).mtimeMs;
  } finally {
    closeSync(file);
  }
}

function rename(from: string, to: string): void {
  for (let attempt = 0; ; attempt += 1) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      // Windows refuses to replace a file while a reader has it open, which takes well under a millisecond.
      const busy = process.platform === "win32" && ["EPERM", "EACCES", "EBUSY"].includes(errorCode(error));
      if (!busy || attempt === 20) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/** Makes a rename or a removal last. Windows can't open a folder. */
function syncFolder(folder: string): void {
  let file: number | undefined;
  try {
    file = openSync(folder, "r");
    fsyncSync(file);
  } catch {
    // The new text is whole and in its place; only a power cut at this moment could bring the old one back.
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
