import type { ArgumentRow, CommandRow, OptionRow } from "../../src/command-row.js";
import { EXIT_CODES } from "../../src/errors.js";
import { COMMANDS, GLOBAL_OPTIONS } from "../../src/program.js";

const SHOWN = COMMANDS.filter((row) => !row.is_internal);

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
  const rows = SHOWN.map(({ name, says, arguments: words = [], commands = [] }) => {
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
  const sections = leaves(SHOWN).map(({ name, row }) => {
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

/** docs/oidc-token.1: the same as a manual page, in the macros of man(7). */
export function manualPage(version: string): string {
  const text = (words: string): string =>
    words.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/gm, "\\&$&").replaceAll("`", "\\(ga");
  const options = (rows: readonly OptionRow[]): string[] =>
    rows.flatMap((row) => [".TP", `.B ${text(row.flags)}`, text(sentence(row.says))]);
  const commands = leaves(SHOWN).flatMap(({ name, row }) => {
    const { arguments: words = [], options: own = [], example } = row;
    const call = ["oidc-token", name, ...words.map((word) => word.name)].join(" ");
    return [
      `.SS "${text(call)}"`,
      text(sentence(row.says)),
      ...words.flatMap((word) => [".TP", `.I ${text(word.name)}`, text(sentence(word.says))]),
      ...options(own),
      ...(example
        ? [".PP", text(`${sentence(example[1]).slice(0, -1)}:`), ".PP", ".EX", text(example[0]), ".EE"]
        : []),
    ];
  });
  const codes = Object.entries(EXIT_CODES).flatMap(([kind, code]) => [
    ".TP",
    `.B ${code}`,
    text(kind.replaceAll("_", " ")),
  ]);
  return [
    `.TH OIDC\\-TOKEN 1 "" "oidc\\-token ${version}" "User Commands"`,
    ".SH NAME",
    "oidc\\-token \\- hands a valid OAuth access token to whatever needs one",
    ".SH SYNOPSIS",
    ".B oidc\\-token",
    "[\\fIoptions\\fR] \\fIcommand\\fR [\\fIoptions\\fR]",
    ".SH DESCRIPTION",
    "Serves a token from the keyring, refreshes it or signs in when needed, prints it and exits.",
    "It reads config.jsonc in the user's configuration folder; \\fBoidc\\-token config path\\fR says where that is.",
    ".SH OPTIONS",
    "Of every command:",
    ...options(GLOBAL_OPTIONS),
    ".SH COMMANDS",
    ...commands,
    ".SH EXIT STATUS",
    ...codes,
    "",
  ].join("\n");
}
