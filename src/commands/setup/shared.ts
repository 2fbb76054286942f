import { readSettingsText } from "../../files/config-file.js";
import { NotUnderstood } from "../../files/edit/place.js";
import { sha256 } from "../../sha256.js";
import { type Change, inForce, isSame, without } from "./apply.js";
import type { Entry, Journal } from "./journal.js";
import { textWithout } from "./take-back.js";
import type { FileEdit } from "./tool.js";

/**
 * What several tools' set-ups rest on, such as one host in `allowed_origins` or one program, stands in the journal of each
 * and goes with the last of them.
 */

/** Whether another tool's set-up needs what a change set. */
export function isHeld(others: readonly Journal[], path: string, change: Change): boolean {
  return others.some((journal) => has(journal, path, change));
}

/** What an edit would set, stands there already, and was put there for another tool: entries for this tool's journal, too. */
export function sharedBy(journal: Journal, others: readonly Journal[], edit: FileEdit): Shared[] {
  const text = readSettingsText(edit.path);
  if (text === undefined) return [];
  const open = inForce(text, edit).filter((change) => !has(journal, edit.path, change));
  return others.flatMap((other) =>
    other.entries.flatMap((entry) => {
      const changes = changesOf(entry).filter(
        (change) => entry.path === edit.path && open.some((each) => isSame(each, change)),
      );
      if (changes.length === 0) return [];
      // The text from after belongs to all of what was written.
      const after = changes.length === entry.changes.length ? entry.after : "";
      const shared = { ...entry, after, changes: changes as Entry["changes"] };
      return [{ entry: shared, before: other.textBefore(entry) }];
    }),
  );
}

export interface Shared {
  readonly entry: Entry;
  /** The text from before; undefined where there was no file. */
  readonly before: string | undefined;
}

/** Notes in this tool's journal what it shares. */
export function share(journal: Journal, shared: readonly Shared[]): void {
  for (const { entry, before } of shared) {
    if (changesOf(entry).every((change) => has(journal, entry.path, change))) continue;
    const { backup: _, ...rest } = entry;
    journal.add(before === undefined ? rest : { ...rest, backup: journal.keep(entry.path, before) });
  }
}

/**
 * Changes what other tools' set-ups came upon, which is what taking theirs back leads to, as if what was just taken back had
 * never been. `rewritten` has the file before and after that by its path.
 */
export function handOver(
  journal: Journal,
  others: readonly Journal[],
  rewritten: ReadonlyMap<string, { readonly now: string | undefined; readonly wanted: string | undefined }>,
): void {
  for (const [path, { now, wanted }] of rewritten) {
    const undone = journal.entries.filter((entry) => entry.path === path).reverse();
    const hash = new Map([[sha(now), sha(wanted)]]);
    for (const other of others) {
      for (const [at, entry] of other.entries.entries()) {
        if (entry.path !== path) continue;
        const before = other.textBefore(entry);
        const text = undone.reduce((rest, each) => withoutOurs(journal, others, each, rest), before);
        hash.set(sha(before), sha(text));
        const changes = changesOf(entry).map((change) =>
          undone
            .flatMap((each) => free(others, each))
            .reduce((later, earlier) => without(later, earlier), change),
        );
        other.change(at, { ...entry, changes: changes as Entry["changes"] }, text);
      }
    }
    for (const other of others) {
      for (const [at, entry] of other.entries.entries()) {
        const after = hash.get(entry.after);
        if (entry.path === path && after !== undefined)
          other.change(at, { ...entry, after }, other.textBefore(entry));
      }
    }
  }
}

/** The changes of an entry that no other tool's set-up needs. */
export function free(others: readonly Journal[], entry: Entry): Change[] {
  return changesOf(entry).filter((change) => !isHeld(others, entry.path, change));
}

function withoutOurs(
  journal: Journal,
  others: readonly Journal[],
  entry: Entry,
  text: string | undefined,
): string | undefined {
  try {
    return textWithout(journal, entry, free(others, entry), text);
  } catch (error) {
    if (error instanceof NotUnderstood) return text;
    throw error;
  }
}

function has(journal: Journal, path: string, change: Change): boolean {
  return journal.entries.some(
    (entry) => entry.path === path && changesOf(entry).some((each) => isSame(each, change)),
  );
}

function changesOf({ changes }: Entry): readonly Change[] {
  return changes as readonly Change[];
}

function sha(text: string | undefined): string {
  return text === undefined ? "none" : sha256(text);
}
