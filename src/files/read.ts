import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  type Stats,
} from "node:fs";
import { OidcTokenError } from "../errors.js";
import { printable } from "../text.js";
import { configError } from "./config-error.js";
import { errorCode, Refused } from "./file-error.js";

/** Neither waiting for the writer of a FIFO, nor taking a terminal. Windows has no such flags. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * The bytes of a regular file, at most `most`. Whatever else lies there is refused at once: a FIFO would block, a device
 * may have no end. `check` looks at what was opened, and throws where it is not to be read. Throws the system's error
 * or a refusal.
 */
export function readRegular(path: string, most: number, check: (stats: Stats) => void = () => {}): Buffer {
  return read(path, READ, (file, stats) => {
    check(stats);
    if (stats.size > most) throw new Refused("too large");
    return readUpTo(file, stats.size, most);
  });
}

/**
 * As readRegular, of a file that this program keeps for itself: one that is no link and passes `check`. Windows leaves
 * protection to the access list of the user's profile.
 */
export function readKept(path: string, most: number, check: (stats: Stats) => void = () => {}): string {
  if (constants.O_NOFOLLOW === undefined && lstatSync(path).isSymbolicLink()) throw new Refused("link");
  try {
    return read(path, READ | (constants.O_NOFOLLOW ?? 0), (file, stats) => {
      check(stats);
      if (stats.size > most) throw new Refused("too large");
      // On the hot path: a loop of readSync takes ten times as long for the first file.
      return readFileSync(file, "utf8");
    });
  } catch (error) {
    // FreeBSD says EMLINK.
    throw ["ELOOP", "EMLINK"].includes(errorCode(error)) ? new Refused("link") : error;
  }
}

/** As readKept, of a file that belongs to this user alone. `uid` undefined (Windows) checks no owner. */
export function readPrivate(path: string, most: number, uid: number | undefined): string {
  return readKept(path, most, (stats) => refuseShared(stats, uid));
}

/** Refuses a file of another user, and one that others may read or write. */
export function refuseShared(stats: Stats, uid: number | undefined): void {
  if (uid === undefined) return;
  if (stats.uid !== uid) throw new Refused("another's");
  if ((stats.mode & 0o077) !== 0) throw new Refused("readable by others");
}

/** The same, and one with a second name: that may be anybody's, who then has a hand in what stands there. */
export function refuseForeign(stats: Stats): void {
  refuseShared(stats, process.getuid?.());
  if (stats.nlink > 1) throw new Refused("link");
}

function read<T>(path: string, flags: number, take: (file: number, stats: Stats) => T): T {
  const file = openSync(path, flags);
  try {
    const stats = fstatSync(file);
    if (stats.isDirectory()) throw new Refused("folder");
    if (!stats.isFile()) throw new Refused("not regular");
    return take(file, stats);
  } finally {
    closeSync(file);
  }
}

/** A file may say that it is smaller than it is: it grows meanwhile, or lies in /proc. */
function readUpTo(file: number, expected: number, most: number): Buffer {
  let bytes = Buffer.allocUnsafe(expected + 1);
  let length = 0;
  for (;;) {
    const read = readSync(file, bytes, length, bytes.length - length, null);
    if (read === 0) return bytes.subarray(0, length);
    length += read;
    if (length > most) throw new Refused("too large");
    if (length === bytes.length) bytes = Buffer.concat([bytes], most + 1);
  }
}

/** Refuses what somebody else could have written: another owner than this user or root, or anybody's to write to, as ssh does. */
export function checkOwn({ uid, mode }: Stats, own = process.getuid?.()): void {
  if (own === undefined) return;
  if (uid !== own && uid !== 0) throw new Refused("another's");
  if ((mode & 0o022) !== 0) throw new Refused("writable by others");
}

/**
 * The text of a file a person wrote, UTF-8, without a byte order mark. Undefined where there is none; an OidcTokenError
 * of kind `configuration` where it can't be read, or `check` throws.
 */
export function readText(
  path: string,
  limits: { readonly most_bytes: number; readonly what: string; check?(stats: Stats): void },
): string | undefined {
  let bytes: Buffer;
  try {
    bytes = readRegular(path, limits.most_bytes, limits.check);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error))) return undefined;
    const { most_bytes: most, what } = limits;
    throw configError(error, { action: "read", path, most }, { what });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new OidcTokenError(
      "configuration",
      `${printable(path)} is not UTF-8 text`,
      "save it again as UTF-8",
    );
  }
}
