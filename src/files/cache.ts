import { join } from "node:path";
import { makeFolder } from "./folder.js";
import { readPrivate } from "./read.js";
import { replaceFile } from "./replace.js";

/** Bytes. */
const MOST = 1024 * 1024;

/**
 * A value kept in the cache folder, not yet checked. Undefined where there is none, where it is damaged, and where it
 * may be from somebody else. Never throws: what a cache can't tell is found out anew.
 */
export function readCache(dir: string, name: string): unknown {
  try {
    return JSON.parse(readPrivate(join(dir, name), MOST));
  } catch {
    return undefined;
  }
}

/** Keeps a value, as JSON, for the next call. Never throws: a cache that can't be written costs nobody anything. */
export function writeCache(dir: string, name: string, value: unknown): void {
  try {
    makeFolder(dir);
    replaceFile(join(dir, name), JSON.stringify(value), { durable: false });
  } catch {
    // A read-only home, say.
  }
}
