import type { Context } from "../../context.js";
import { configError } from "../../files/config-error.js";
import { readSettingsText, replaceConfig } from "../../files/config-file.js";
import { NotUnderstood } from "../../files/edit/place.js";
import { removeFile } from "../../files/replace.js";
import { tell } from "../../terminal/tell.js";
import { printable } from "../../text.js";
import { type Entry, Journal } from "./journal.js";
import { free, handOver } from "./shared.js";
import { showDiff } from "./show.js";
import { textWithout } from "./take-back.js";
import type { Tool } from "./tool.js";
import { agree, notUnderstood, underLock } from "./write.js";

/** A file as it is and as it is to be; undefined where there is none. */
interface Taken {
  readonly now: string | undefined;
  wanted: string | undefined;
}

/**
 * Takes back what `setup` wrote for a tool: where nothing else has changed since, the file is byte for byte what it was;
 * otherwise only our part goes. What another tool's set-up needs as well goes with that. Throws an OidcTokenError of kind `configuration` where a file is no longer understood.
 */
export async function undo(context: Context, tool: Tool, options: { readonly yes?: boolean }): Promise<void> {
  const shown = takeBack(Journal.of(context, tool.name), Journal.ofOthers(context, tool.name));
  if (shown.size === 0) {
    tell(context, `nothing was set up for ${tool.name}, or it was taken back before`);
    return;
  }
  const differing = [...shown].filter(([, { now, wanted }]) => now !== wanted);
  for (const [path, { now, wanted }] of differing) showDiff(context, path, now ?? "", wanted);
  if (differing.length > 0)
    await agree(
      context,
      options,
      differing.map(([path]) => path),
    );
  await underLock(context, async () => {
    const journal = Journal.of(context, tool.name);
    const others = Journal.ofOthers(context, tool.name);
    const files = takeBack(journal, others);
    for (const [path, { now, wanted }] of files) {
      if (now === wanted) continue;
      if (wanted === undefined) remove(path);
      else replaceConfig(path, now, wanted, () => {});
      context.stdout.write(`${path}\n`);
    }
    handOver(journal, others, files);
    journal.clear();
  });
  tell(context, `${tool.name} is as it was`);
}

/** Each file with what is to stand in it, the newest change taken back first. What others need stays. */
function takeBack(journal: Journal, others: readonly Journal[]): Map<string, Taken> {
  const files = new Map<string, Taken>();
  for (const entry of [...journal.entries].reverse()) {
    const file = files.get(entry.path) ?? read(entry.path);
    files.set(entry.path, file);
    file.wanted = before(journal, others, entry, file.wanted);
  }
  return files;
}

function read(path: string): Taken {
  const now = readSettingsText(path);
  return { now, wanted: now };
}

function before(
  journal: Journal,
  others: readonly Journal[],
  entry: Entry,
  current: string | undefined,
): string | undefined {
  try {
    return textWithout(journal, entry, free(others, entry), current);
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    const where =
      entry.backup === undefined ? "there was no such file" : `it is in ${printable(entry.backup)}`;
    throw notUnderstood(entry.path, error, `take our lines out yourself; as it was before, ${where}`);
  }
}

function remove(path: string): void {
  try {
    removeFile(path);
  } catch (error) {
    throw configError(error, { action: "delete", path });
  }
}
