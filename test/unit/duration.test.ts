import { expect, it } from "vitest";
import { duration } from "../../src/duration.js";

it.each([
  [0, "0 s"],
  [59, "59 s"],
  [60, "1 min"],
  [3599, "59 min"],
  [3600, "1 h 0 min"],
  [7500, "2 h 5 min"],
  [86_399, "23 h 59 min"],
  [86_400, "1 d 0 h"],
  [90_000, "1 d 1 h"],
  [31_536_000, "365 d 0 h"],
])("%i seconds are said as %s", (seconds, expected) => {
  expect(duration(seconds)).toBe(expected);
});
