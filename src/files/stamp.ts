import { type Stats, statSync } from "node:fs";

/** A file as it was: null where there was none. */
export type Stamped = readonly [path: string, stamp: string | null];

/** Milliseconds; clocks of file systems tick more coarsely than the one we read. */
const TICK = 20;

/** Changes with every write to the file, also with one that keeps its size and modification time; null where there is none. */
export function stampOf(path: string): string | null {
  const stats = look(path);
  return stats ? `${stats.ctimeMs}:${stats.mtimeMs}:${stats.size}:${stats.ino}` : null;
}

/**
 * The stamps of files that were read from `read_at` (milliseconds since the epoch) on; undefined where one has changed
 * since, and may not be what was read.
 */
export function stampsSince(files: readonly string[], read_at: number): readonly Stamped[] | undefined {
  const stamped = files.map((path) => [path, stampOf(path)] as const);
  return files.some((path) => changedSince(path, read_at - TICK)) ? undefined : stamped;
}

function changedSince(path: string, milliseconds: number): boolean {
  const stats = look(path);
  return stats !== undefined && stats.ctimeMs >= milliseconds;
}

/** What cannot be looked at, in a folder above that may not be searched, was no source of the configuration either. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
