import { stripVTControlCharacters } from "node:util";

/** Columns padded to their widest cell, two spaces between them; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => width(row[i] ?? ""))),
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => cell + " ".repeat((widths[i] ?? 0) - width(cell))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

/** Characters on the screen: colours take none. */
function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}
