import {
  type ArgumentRow,
  COMMANDS,
  type CommandRow,
  GLOBAL_OPTIONS,
  type OptionRow,
} from "../../src/program.js";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
const flags = (text: string): string => `\`${text}\``;
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** The commands that do something, with the whole of their names: `config path`. */
function leaves(
  rows: readonly CommandRow[],
  above = "",
): { readonly name: string; readonly row: CommandRow }[] {
  return rows.flatMap((row) => {
    const name = `${above}${row.name}`;
    return row.commands ? leaves(row.commands, `${name} `) : [{ name, row }];
  });
}

/** A table of all commands in Markdown. */
export function commandTable(): string {
  const rows = COMMANDS.map(({ name, says, arguments: words = [], commands = [] }) => {
    const call = ["oidc-token", name, ...words.map((word) => word.name)].join(" ");
    const below = commands.map((each) => `\`${each.name}\``).join(", ");
    return `| ${flags(call)} | ${cell(says)}${below === "" ? "" : `: ${below}`} |`;
  });
  return ["| command | what it does |", "|---|---|", ...rows].join("\n");
}

/** A table of options, and of arguments before them, in Markdown. */
export function optionTable(options: readonly OptionRow[], words: readonly ArgumentRow[] = []): string {
  const rows = [
    ...words.map(({ name, says }) => [name, says] as const),
    ...options.map((row) => [row.flags, row.says] as const),
  ];
  return [
    "| option | |",
    "|---|---|",
    ...rows.map(([name, says]) => `| ${flags(name)} | ${cell(says)} |`),
  ].join("\n");
}

/** The options of one command by its name. */
export function optionsOf(name: string): string {
  const row = COMMANDS.find((each) => each.name === name);
  return optionTable(row?.options ?? []);
}

/** docs/commands.md: every command with its options. */
export function commandReference(): string {
  const sections = leaves(COMMANDS).map(({ name, row }) => {
    const { arguments: words = [], options = [], example } = row;
    const call = ["oidc-token", name, ...words.map((word) => word.name)].join(" ");
    return [
      `## ${call}`,
      sentence(row.says),
      ...(words.length + options.length > 0 ? [optionTable(options, words)] : []),
      ...(example ? [`${sentence(example[1])}\n\n\`\`\`console\n$ ${example[0]}\n\`\`\``] : []),
    ].join("\n\n");
  });
  return [
    "# Commands",
    "Every command takes these as well, and `-h`:",
    optionTable(GLOBAL_OPTIONS),
    ...sections,
    "",
  ]
    .join("\n\n")
    .trimEnd()
    .concat("\n");
}
