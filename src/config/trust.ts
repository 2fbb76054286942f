import { join } from "node:path";
import { configError } from "../files/config-error.js";
import { errorCode } from "../files/file-error.js";
import { makeFolder } from "../files/folder.js";
import { readPrivate } from "../files/read.js";
import { replaceFile } from "../files/replace.js";

/** Bytes; a path and a hash take some hundred. */
const MOST_BYTES = 1024 * 1024;

/** The project files that may define profiles, by real path, with the SHA-256 of what was trusted. */
export type TrustList = ReadonlyMap<string, string>;

/** Where the list is kept. */
export function trustFile(data_dir: string): string {
  return join(data_dir, "trusted.json");
}

/** The list, empty where there is none. Throws an OidcTokenError of kind `configuration` where it is not this user's own. */
export function readTrustList(data_dir: string): TrustList {
  const path = trustFile(data_dir);
  try {
    const { trusted } = JSON.parse(readPrivate(path, MOST_BYTES, process.getuid?.())) as {
      trusted?: unknown;
    };
    const entries = Object.entries(typeof trusted === "object" && trusted !== null ? trusted : {});
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch (error) {
    // Damaged: nothing is trusted then.
    if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return new Map();
    const hint = "remove it, then trust each project anew: oidc-token trust";
    throw configError(error, { action: "read", path }, { hint });
  }
}

/** Puts another list in its place. Throws an OidcTokenError of kind `configuration`. Call it under a lock. */
export function writeTrustList(data_dir: string, list: TrustList): void {
  const path = trustFile(data_dir);
  try {
    makeFolder(data_dir);
    replaceFile(path, `${JSON.stringify({ trusted: Object.fromEntries(list) }, null, 2)}\n`);
  } catch (error) {
    throw configError(error, { action: "write", path });
  }
}
