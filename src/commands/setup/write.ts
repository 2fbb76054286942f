import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { readConfigText, readSettingsText, replaceConfig } from "../../files/config-file.js";
import { NotUnderstood } from "../../files/edit/place.js";
import { parseJsonc } from "../../files/jsonc.js";
import { given } from "../../given.js";
import { holdLock } from "../../session/hold-lock.js";
import { sha256 } from "../../sha256.js";
import { isTerminal } from "../../terminal/interactive.js";
import { Questions } from "../../terminal/questions.js";
import { tell } from "../../terminal/tell.js";
import { printable } from "../../text.js";
import { apply, type Change } from "./apply.js";
import { type Entry, Journal } from "./journal.js";
import { type Shared, share, sharedBy } from "./shared.js";
import { showDiff } from "./show.js";
import type { FileEdit, Tool } from "./tool.js";

/** Seconds to wait for another `setup` or `init`. */
const LOCK_TIMEOUT = 10;

interface Written {
  readonly edit: FileEdit;
  readonly before: string | undefined;
  readonly after: string;
  readonly changes: readonly Change[];
}

/**
 * Shows what is to change, asks, keeps the texts from before and writes. A file that is not understood leaves everything
 * as it is: what it lacks is printed. Throws an OidcTokenError of kind `configuration` then.
 */
export async function write(
  context: Context,
  tool: Tool,
  edits: readonly FileEdit[],
  options: { readonly yes?: boolean },
  print: (edit: FileEdit) => void,
): Promise<void> {
  const planned = (): Written[] => edits.flatMap((edit) => changed(edit, print));
  const shared = (): Shared[] => {
    const others = Journal.ofOthers(context, tool.name);
    return edits.flatMap((edit) => sharedBy(Journal.of(context, tool.name), others, edit));
  };
  const shown = planned();
  if (shown.length === 0) {
    if (shared().length > 0)
      await underLock(context, async () => share(Journal.of(context, tool.name), shared()));
    tell(context, `${tool.name} is set up already, just so`);
    return;
  }
  for (const { edit, before, after } of shown) showDiff(context, edit.path, before ?? "", after);
  await agree(
    context,
    options,
    shown.map(({ edit }) => edit.path),
  );
  await underLock(context, async () => {
    const journal = Journal.of(context, tool.name);
    share(journal, shared());
    for (const written of planned()) {
      const { edit, before, after, changes } = written;
      const { path, format, executable } = edit;
      const backup = before === undefined ? undefined : journal.keep(path, before);
      journal.add({
        path,
        format,
        ...given({ backup }),
        after: sha256(after),
        changes: changes as Entry["changes"],
      });
      replaceConfig(path, before, after, () => {}, executable ? 0o700 : 0o600);
      context.stdout.write(`${path}\n`);
      if (backup !== undefined) tell(context, `the text from before is kept in ${printable(backup)}`);
    }
  });
  tell(context, `to take it back: oidc-token setup ${tool.name} --undo`);
}

function changed(edit: FileEdit, print: (edit: FileEdit) => void): Written[] {
  const before = readSettingsText(edit.path);
  try {
    const { text: after, changes } = apply(before ?? "", edit);
    if (changes.length === 0) return [];
    if (edit.unless?.[0].test(before ?? "")) throw new NotUnderstood(edit.unless[1]);
    return [{ edit, before, after, changes }];
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    print(edit);
    throw notUnderstood(edit.path, error, "put the lines above into it yourself");
  }
}

export function notUnderstood(path: string, error: NotUnderstood, hint: string): OidcTokenError {
  return new OidcTokenError(
    "configuration",
    `${printable(path)} was left alone: ${printable(error.message)}`,
    `nothing was changed; ${hint}`,
  );
}

/** Asks on a terminal; elsewhere `--yes` has to say it. */
export async function agree(
  context: Context,
  { yes }: { readonly yes?: boolean },
  paths: readonly string[],
): Promise<void> {
  if (yes) return;
  if (!isTerminal(context))
    throw new OidcTokenError(
      "usage",
      "setup asks before it changes a file, and there is no terminal here to ask on",
      "look at the change above, then run it again with --yes",
    );
  const files = paths.length === 1 ? "this file" : `these ${paths.length} files`;
  await (await Questions.on(context)).goOn(`Change ${files}?`);
}

/** The lock that `init` takes as well: one of the files may be our own configuration. */
export async function underLock(context: Context, work: () => Promise<void>): Promise<void> {
  await holdLock(context, "config", LOCK_TIMEOUT, work, "the configuration file");
}

/** Our own configuration file as it stands there. */
export function readRaw(path: string): unknown {
  const text = readConfigText(path);
  return text === undefined ? undefined : parseJsonc(path, text).value;
}
