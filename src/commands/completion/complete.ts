import type { ArgumentRow, CommandRow, OptionRow, Values } from "../../command-row.js";
import { loadConfig } from "../../config/load.js";
import type { Context } from "../../context.js";
import { attempt } from "../../errors.js";

/** What may come next: words with what they mean, or that it is the name of a file or folder. */
export type Completions = readonly (readonly [word: string, says: string])[] | "file" | "folder";

/**
 * Prints what may stand at the cursor: a line a word, its meaning after a tab, or `:file` or `:folder` alone where the
 * shell itself knows best.
 */
export function complete(
  context: Context,
  options: { readonly next?: boolean },
  words: readonly string[],
  commands: readonly CommandRow[],
  globals: readonly OptionRow[],
): void {
  const line = options.next ? [...words, ""] : words;
  const profiles = (config: string | undefined) => attempt(() => loadConfig(context, { config }).names) ?? [];
  const found = completions(line, commands, globals, profiles);
  const lines = typeof found === "string" ? [`:${found}`] : found.map(([word, says]) => `${word}\t${says}`);
  context.stdout.write(lines.map((each) => `${each}\n`).join(""));
}

/** `words` are those after the program's name; the last one is being written and may be empty. */
export function completions(
  words: readonly string[],
  commands: readonly CommandRow[],
  globals: readonly OptionRow[],
  profiles: (config: string | undefined) => readonly string[],
): Completions {
  const { joined, was_split } = joinAssignments(words);
  const current = joined.at(-1) ?? "";
  let row: CommandRow | undefined;
  let waiting: OptionRow | undefined;
  let config: string | undefined;
  let position = 0;
  for (const word of joined.slice(0, -1)) {
    // What follows belongs to another program.
    if (word === "--") return "file";
    const options = [...(row?.options ?? []), ...globals];
    if (waiting) {
      if (waiting.flags.includes("--config ")) config = word;
      waiting = undefined;
    } else if (word.startsWith("-")) {
      waiting = word.includes("=")
        ? undefined
        : options.find((each) => names(each).includes(word) && takesValue(each));
    } else {
      const below = (row ? row.commands : commands)?.find(({ name }) => name === word);
      if (below) row = below;
      else position += 1;
    }
  }
  const valuesOf = (values: Values, prefix = "", shown = prefix): Completions => {
    if (values === "file" || values === "folder") return values;
    const all = values === "profile" ? profiles(config) : (values ?? []);
    return fitting(
      all.map((word) => [`${shown}${word}`, ""] as const),
      `${shown}${current.slice(prefix.length)}`,
    );
  };
  if (waiting) return valuesOf(waiting.values);
  const options = [...(row?.options ?? []), ...globals, HELP];
  const [, assigned] = /^(--[^=]+=)/.exec(current) ?? [];
  if (assigned !== undefined) {
    const option = options.find((each) => names(each).includes(assigned.slice(0, -1)));
    return valuesOf(option?.values, assigned, was_split ? "" : assigned);
  }
  if (current.startsWith("-")) {
    return fitting(
      options.map((each) => [names(each).at(-1) ?? "", each.says] as const),
      current,
    );
  }
  const below = row ? row.commands : [...commands.filter((each) => !each.is_internal), HELP_COMMAND];
  if (below)
    return fitting(
      below.map(({ name, says }) => [name, says] as const),
      current,
    );
  return valuesOf(argumentAt(row?.arguments ?? [], position)?.values);
}

const HELP: OptionRow = { flags: "-h, --help", says: "display help for command", values: undefined };
const HELP_COMMAND = { name: "help", says: "display help for command" };

/** Bash takes `--format=json` for three words. */
function joinAssignments(words: readonly string[]): {
  readonly joined: string[];
  readonly was_split: boolean;
} {
  const joined: string[] = [];
  let was_split = false;
  for (const [index, word] of words.entries()) {
    const follows =
      index > 0 && (word === "=" || words[index - 1] === "=") && /^--/.test(joined.at(-1) ?? "");
    if (follows) joined.push(`${joined.pop()}${word}`);
    else joined.push(word);
    was_split = follows;
  }
  return { joined, was_split };
}

/** `-f` and `--format` of `-f, --format <format>`. */
function names({ flags }: OptionRow): string[] {
  return flags.split(/[ ,]+/).filter((word) => word.startsWith("-"));
}

function takesValue({ flags }: OptionRow): boolean {
  return flags.includes("<");
}

function argumentAt(rows: readonly ArgumentRow[], position: number): ArgumentRow | undefined {
  const last = rows.at(-1);
  return rows[position] ?? (last?.name.includes("...") ? last : undefined);
}

function fitting(all: readonly (readonly [string, string])[], beginning: string): Completions {
  return all.filter(([word]) => word.startsWith(beginning));
}
