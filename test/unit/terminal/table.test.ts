import { expect, it } from "vitest";
import { table } from "../../../src/terminal/table.js";

it.each<[string, readonly (readonly string[])[], string]>([
  ["nothing", [], ""],
  [
    "columns as wide as their widest cell, two spaces apart",
    [
      ["A", "BB"],
      ["long", "x"],
    ],
    "A     BB\nlong  x",
  ],
  [
    "no spaces at the end of a line",
    [
      ["a", "long"],
      ["b", ""],
    ],
    "a  long\nb",
  ],
  [
    "colours that take no room",
    [
      ["\u001b[1mA\u001b[22m", "B"],
      ["aa", "b"],
    ],
    "\u001b[1mA\u001b[22m   B\naa  b",
  ],
  [
    "characters, not bytes",
    [
      ["ü€𝄞", "x"],
      ["abc", "y"],
    ],
    "ü€𝄞  x\nabc  y",
  ],
  ["rows of different length", [["a"], ["b", "c"]], "a\nb  c"],
])("a table has %s", (_what, rows, expected) => {
  expect(table(rows)).toBe(expected);
});
