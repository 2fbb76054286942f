import { join } from "node:path";
import { asObject } from "../text.js";
import { version } from "../version.js";
import { makeFolder } from "./folder.js";
import { readKept, refuseForeign } from "./read.js";
import { replaceFile } from "./replace.js";

/** Bytes. */
const MOST = 1024 * 1024;

/**
 * A value kept in the cache folder, not yet checked. Undefined where there is none, where it is damaged, and where
 * somebody else may have written it. Never throws: what a cache can't tell is found out anew.
 */
export function readCache(dir: string, name: string): unknown {
  try {
    return JSON.parse(readKept(join(dir, name), MOST, refuseForeign));
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

/** The values of a file in the cache folder that keeps several, by key; none that another version of this program kept. */
export function readEntries(dir: string, name: string): Readonly<Record<string, unknown>> {
  const kept = asObject(readCache(dir, name));
  return kept?.version === version ? (asObject(kept.entries) ?? {}) : {};
}

/** Keeps one more value, of the others the latest. Never throws. */
export function keepEntry(dir: string, name: string, key: string, value: unknown, most: number): void {
  const { [key]: _old, ...others } = readEntries(dir, name);
  const entries = Object.fromEntries([...Object.entries(others).slice(1 - most), [key, value]]);
  writeCache(dir, name, { version, entries });
}
