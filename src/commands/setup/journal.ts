import { basename, join } from "node:path";
import * as v from "valibot";
import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { MOST_OF_SETTINGS } from "../../files/config-file.js";
import { EDITORS, type FileFormat } from "../../files/edit/editor.js";
import { errorCode, fileError } from "../../files/file-error.js";
import { ensurePrivateFolder } from "../../files/folder.js";
import type { Json } from "../../files/jsonc-edit.js";
import { readPrivate } from "../../files/read.js";
import { removeFile, removeQuietly, replaceFile } from "../../files/replace.js";
import { printable } from "../../text.js";
import { TOOL_NAMES } from "./tool-names.js";

const entrySchema = v.object({
  path: v.string(),
  format: v.picklist(Object.keys(EDITORS) as FileFormat[]),
  /** Where the text from before is; absent where there was no file. */
  backup: v.optional(v.string()),
  /** SHA-256 of the text that was written. */
  after: v.string(),
  changes: v.array(
    v.object({
      place: v.array(v.string()),
      before: v.optional(v.custom<Json>(() => true)),
      value: v.optional(v.custom<Json>(() => true)),
      added: v.optional(v.string()),
      among: v.optional(v.array(v.string())),
      made: v.number(),
    }),
  ),
});
const journalSchema = v.object({ entries: v.array(entrySchema) });

/** One file that `setup` has written, with what takes it back. */
export type Entry = v.InferOutput<typeof entrySchema>;

/** What `setup` did for one tool, oldest first, kept in a private folder with the texts from before. */
export class Journal {
  readonly #folder: string;
  readonly #path: string;
  readonly #tool: string;
  #entries: readonly Entry[];

  private constructor(folder: string, tool: string, entries: readonly Entry[]) {
    this.#folder = folder;
    this.#tool = tool;
    this.#path = join(folder, `${tool}.json`);
    this.#entries = entries;
  }

  /** Throws an OidcTokenError of kind `store`. */
  static of({ paths }: Pick<Context, "paths">, tool: string): Journal {
    const folder = join(paths.data, "setup");
    return new Journal(folder, tool, read(join(folder, `${tool}.json`)));
  }

  /** Those of every other tool that has something set up. */
  static ofOthers(context: Pick<Context, "paths">, tool: string): Journal[] {
    return TOOL_NAMES.filter((name) => name !== tool)
      .map((name) => Journal.of(context, name))
      .filter(({ entries }) => entries.length > 0);
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Keeps the text a file had; answers where. Before the file is written: a killed process can be undone. */
  keep(path: string, before: string): string {
    const backup = join(this.#folder, `${this.#tool}-${this.#entries.length + 1}-${basename(path)}.before`);
    this.#write(backup, before);
    return backup;
  }

  add(entry: Entry): void {
    this.#entries = [...this.#entries, entry];
    this.#write(this.#path, JSON.stringify({ entries: this.#entries }));
  }

  /** Keeps an entry otherwise, with another text from before; undefined where there was no file then. */
  change(at: number, entry: Entry, before: string | undefined): void {
    const { backup, ...rest } = entry;
    if (backup !== undefined && before !== undefined) this.#write(backup, before);
    const changed = before === undefined ? rest : entry;
    this.#entries = this.#entries.with(at, changed);
    this.#write(this.#path, JSON.stringify({ entries: this.#entries }));
    if (backup !== undefined && before === undefined) removeQuietly(backup);
  }

  textBefore({ backup }: Entry): string | undefined {
    if (backup === undefined) return undefined;
    try {
      return readPrivate(backup, MOST_OF_SETTINGS, process.getuid?.());
    } catch (error) {
      throw fileError(error, { action: "read", path: backup });
    }
  }

  /** Nothing is left to be taken back. */
  clear(): void {
    for (const { backup } of this.#entries) if (backup !== undefined) removeQuietly(backup);
    removeFile(this.#path);
    this.#entries = [];
  }

  #write(path: string, text: string): void {
    try {
      ensurePrivateFolder(this.#folder, process.getuid?.());
      replaceFile(path, text);
    } catch (error) {
      throw fileError(error, { action: "write", path });
    }
  }
}

function read(path: string): readonly Entry[] {
  let text: string;
  try {
    text = readPrivate(path, MOST_OF_SETTINGS, process.getuid?.());
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw fileError(error, { action: "read", path });
  }
  try {
    return v.parse(journalSchema, JSON.parse(text)).entries as Entry[];
  } catch {
    throw new OidcTokenError(
      "store",
      `${printable(path)} is damaged, so what setup did is not known`,
      "the texts from before lie beside it; put them back by hand, then remove it",
    );
  }
}
