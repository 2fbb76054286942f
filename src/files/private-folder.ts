import { lstatSync, mkdirSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { OidcTokenError } from "../errors.js";

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
 * Refuses a folder in which somebody else could put or swap files: a link, another owner's, one that group or
 * others may write to. Answers false where there is none. `uid` undefined (Windows) checks the type only.
 */
export function checkPrivateFolder(path: string, uid: number | undefined): boolean {
  let stats: Stats;
  try {
    stats = lstatSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw fileError("read", path, error);
  }
  if (stats.isSymbolicLink())
    throw refused(`${path} is a link`, `put a real folder of your own in its place`);
  if (!stats.isDirectory()) throw refused(`${path} is not a folder`, `remove it or move it away`);
  if (uid === undefined) return true;
  if (stats.uid !== uid) {
    throw refused(
      `${path} belongs to another user`,
      `remove it, or give it to yourself: chown ${uid} ${path}`,
    );
  }
  if ((stats.mode & 0o022) !== 0) {
    throw refused(`${path} can be written to by other users`, `close it: chmod 700 ${path}`);
  }
  return true;
}

/** Makes the folder with mode 0700 where it is missing and refuses what `checkPrivateFolder` refuses. */
export function ensurePrivateFolder(path: string, uid: number | undefined): void {
  if (checkPrivateFolder(path, uid)) return;
  try {
    makeFolder(path);
  } catch (error) {
    throw fileError("create", path, error);
  }
  checkPrivateFolder(path, uid);
}

/** Node's own `recursive` goes round for ever where a file system answers ENOENT although the parent is there. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) === "EEXIST") return; // what it is gets looked at next
    if (errorCode(error) !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

/** An error of kind `store` for a failed file operation, naming the path and what can be done about it. */
export function fileError(
  action: "read" | "write" | "create" | "delete",
  path: string,
  error: unknown,
): Error {
  if (error instanceof OidcTokenError) return error;
  const code = errorCode(error);
  switch (code) {
    case "EACCES":
    case "EPERM":
      return refused(
        `no permission to ${action} ${path}`,
        `check who owns it and its folders, from ${dirname(path)} upwards`,
      );
    case "EROFS":
      return refused(
        `cannot ${action} ${path}: the file system is read-only`,
        `put the data folder where you may write (XDG_DATA_HOME, XDG_RUNTIME_DIR for locks), or use store: "keyring"`,
      );
    case "ENOSPC":
    case "EDQUOT":
      return refused(`cannot ${action} ${path}: no space left`, `free some space there and try again`);
    case "ENOTDIR":
    case "EEXIST":
      return refused(`cannot ${action} ${path}: a part of that path is not a folder`, `move that file away`);
    case "EISDIR":
    case "ENOTEMPTY":
      return refused(`cannot ${action} ${path}: it is a folder`, `remove it or move it away`);
    case "ELOOP":
    case "EMLINK":
      return refused(`${path} is a link`, `remove it, then sign in again: oidc-token login`);
    default:
      return refused(
        `cannot ${action} ${path} (${code})`,
        `check the path, or choose the other store in the configuration`,
      );
  }
}

/** The system's name of the error, such as ENOENT. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "unknown error";
}

function refused(message: string, hint: string): OidcTokenError {
  return new OidcTokenError("store", message, hint);
}
