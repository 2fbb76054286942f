import { sha256 } from "../../sha256.js";
import { type Change, revert } from "./apply.js";
import type { Entry, Journal } from "./journal.js";

/**
 * A text without some of what an entry's changes set; undefined for a file that was made for them and holds nothing now.
 * Where it is just what was written, byte for byte what was there before. Throws a NotUnderstood.
 */
export function textWithout(
  journal: Journal,
  entry: Entry,
  changes: readonly Change[],
  current: string | undefined,
): string | undefined {
  // Removed meanwhile, so nothing of ours is in it.
  if (current === undefined || changes.length === 0) return current;
  const old = journal.textBefore(entry);
  const is_whole = changes.length === entry.changes.length;
  if (is_whole && (current === old || sha256(current) === entry.after)) return old;
  const rest = revert(current, entry.format, changes);
  return old === undefined && /^\s*(?:\{\s*\})?\s*$/.test(rest) ? undefined : rest;
}
