import kleur from "kleur";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { table } from "../../../src/terminal/table.js";

const enabled = kleur.enabled;
beforeAll(() => {
  kleur.enabled = true;
});
afterAll(() => {
  kleur.enabled = enabled;
});

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

describe("a cell that somebody else wrote", () => {
  const CLIPBOARD = "m\u001b]52;c;Y2FuYXJ5\u0007\u009b2J\r\nx\u202ey";
  const ESCAPED = "m\\u001b]52;c;Y2FuYXJ5\\u0007\\u009b2J\\u000d\\u000ax\\u202ey";

  it("does nothing to the terminal, inside a colour or not", () => {
    expect(table([[CLIPBOARD]])).toBe(ESCAPED);
    expect(table([[kleur.red(CLIPBOARD)]])).toBe(kleur.red(ESCAPED));
  });

  it("brings no colour of its own where there is none", () => {
    kleur.enabled = false;
    expect(table([["\u001b[31mred"]])).toBe("\\u001b[31mred");
    kleur.enabled = true;
    expect(table([["a\u001b[31mred"]])).toBe("a\\u001b[31mred");
  });
});
