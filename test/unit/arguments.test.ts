import { describe, expect, it } from "vitest";
import { parseChoice, parseSeconds } from "../../src/arguments.js";

describe("a number of seconds", () => {
  it.each([
    ["0", 0],
    ["60", 60],
    ["007", 7],
    ["999999999", 999_999_999],
  ])("is read from %j", (text, expected) => {
    expect(parseSeconds("--timeout", text)).toBe(expected);
  });

  it.each([
    "",
    " ",
    "-1",
    "+1",
    "1.5",
    "1e3",
    "0x10",
    "60s",
    "1_000",
    "NaN",
    "Infinity",
    "9999999999",
    "٣",
    "1\n",
  ])("is not read from %j", (text) => {
    expect(() => parseSeconds("--timeout", text)).toThrow(
      expect.objectContaining({
        kind: "usage",
        message: `--timeout takes a number of seconds, not "${text}"`,
        hint: "write it in digits, for example: --timeout 60",
      }),
    );
  });
});

describe("a choice", () => {
  const choices = ["auto", "always"] as const;

  it("is one of the words there are", () => {
    expect(parseChoice("--interactive", "always", choices)).toBe("always");
  });

  it.each(["", "AUTO", "aut", "constructor", "auto "])("is not %j, and the error lists them", (text) => {
    expect(() => parseChoice("--interactive", text, choices)).toThrow(
      expect.objectContaining({ kind: "usage", hint: "use one of: auto, always" }),
    );
  });
});
