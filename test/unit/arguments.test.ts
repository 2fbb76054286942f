import { describe, expect, it } from "vitest";
import { parseChoice, parseSeconds } from "../../src/arguments.js";

describe("a number of seconds", () => {
  it.each([
    ["0", 0],
    ["60", 60],
    ["007", 7],
    ["999999999", 999_999_999],
    ["90s", 90],
    ["5m", 300],
    ["1h", 3600],
    ["1h30m", 5400],
    ["7d", 604_800],
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
    "60sec",
    "s",
    "1h 30m",
    "30m1h",
    "1.5h",
    "-5m",
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
        message: `--timeout takes a number of seconds or a duration, not "${text}"`,
        hint: "write it in digits or with a unit, for example: --timeout 60, --timeout 90s or --timeout 1h",
      }),
    );
  });
});

describe("a choice", () => {
  const choices = ["auto", "always"] as const;

  it("is one of the words there are", () => {
    expect(parseChoice("--interactive", "always", choices)).toBe("always");
  });

  it.each(["", "con", "constructor"])("is not %j, and the error lists them", (text) => {
    expect(() => parseChoice("--interactive", text, choices)).toThrow(
      expect.objectContaining({ kind: "usage", hint: "use one of: auto, always" }),
    );
  });

  it.each(["AUTO", "aut", "auto "])("that is misspelt is asked back: %j", (text) => {
    expect(() => parseChoice("--interactive", text, choices)).toThrow(
      expect.objectContaining({ kind: "usage", hint: "did you mean auto? use one of: auto, always" }),
    );
  });
});
