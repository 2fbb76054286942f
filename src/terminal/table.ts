import { stripVTControlCharacters } from "node:util";
import kleur from "kleur";
import { printable } from "../text.js";

/** The colours this program uses, around a cell. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLOURED = /^((?:\u001b\[(?:1|3[1-6])m)*)(.*?)((?:\u001b\[(?:22|39)m)*)$/s;

/**
 * Columns padded to their widest cell, two spaces between them; the last column is not padded. Whatever others wrote
 * into a cell is made harmless here, so that nothing does to a terminal what its text says.
 */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(harmless));
  const columns = Math.max(0, ...cells.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...cells.map((row) => width(row[i] ?? ""))),
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => cell + " ".repeat((widths[i] ?? 0) - width(cell))).join("  ");
  return cells.map((row) => line(row).trimEnd()).join("\n");
}

function harmless(cell: string): string {
  const [, before = "", text = cell, after = ""] = (kleur.enabled && COLOURED.exec(cell)) || [];
  return before + printable(text) + after;
}

/** Characters on the screen: colours take none. */
function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}
