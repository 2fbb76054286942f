import { chmodSync, lstatSync, mkdirSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { OidcTokenError } from "../errors.js";
import { printable } from "../text.js";
import { errorCode, fileError } from "./file-error.js";

/**
 * A name as one file name: the same on every file system, so upper case is escaped as well (macOS and Windows
 * fold it), and so is a leading dot.
 */
export function encodeFileName(name: string): string {
  if (/^[a-z0-9_@+-][a-z0-9_@+.-]*$/.test(name)) return name; // on the hot path, and hardly ever otherwise
  let encoded = "";
  for (const byte of Buffer.from(name, "utf8")) {
    const character = String.fromCharCode(byte);
    const plain = /[a-z0-9_@+-]/.test(character) || (character === "." && encoded !== "");
    encoded += plain ? character : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return encoded;
}

/**
 * As `mkdir -p`, with mode 0700 for each that is new; throws the system's error. Node's own `recursive` goes round for
 * ever where a file system answers ENOENT although the parent is there, as /proc does.
 */
export function makeFolder(path: string): void {
  for (let parent_made = false; ; parent_made = true) {
    try {
      mkdirSync(path, { mode: 0o700 });
      chmodSync(path, 0o700); // of which a umask such as 0177 takes something away
      return;
    } catch (error) {
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
      if (errorCode(error) !== "ENOENT" || parent_made || dirname(path) === path) throw error;
      makeFolder(dirname(path));
    }
  }
}

/**
 * Refuses a folder in which somebody else could put or swap files: a link, another owner's, one that group or
 * others may write to. Answers false where there is none. `uid` undefined (Windows) checks the type only.
 */
export function checkPrivateFolder(path: string, uid: number | undefined): boolean {
  let stats: Stats;
  try {
    stats = lstatSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw fileError(error, { action: "read", path });
  }
  if (stats.isSymbolicLink()) throw refused(path, "is a link", "put a real folder of your own in its place");
  if (!stats.isDirectory()) throw refused(path, "is not a folder", "remove it or move it away");
  if (uid === undefined) return true;
  if (stats.uid !== uid) {
    throw refused(
      path,
      "belongs to another user",
      `remove it, or give it to yourself: chown ${uid} ${printable(path)}`,
    );
  }
  if ((stats.mode & 0o022) !== 0) {
    throw refused(path, "can be written to by other users", `close it: chmod 700 ${printable(path)}`);
  }
  return true;
}

/** Makes the folder with mode 0700 where it is missing and refuses what `checkPrivateFolder` refuses. */
export function ensurePrivateFolder(path: string, uid: number | undefined): void {
  if (checkPrivateFolder(path, uid)) return;
  try {
    makeFolder(path);
  } catch (error) {
    throw fileError(error, { action: "create", path });
  }
  checkPrivateFolder(path, uid);
}

function refused(path: string, sentence: string, hint: string): OidcTokenError {
  return new OidcTokenError("store", `${printable(path)} ${sentence}`, hint);
}
