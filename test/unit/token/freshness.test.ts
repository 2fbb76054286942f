import { describe, expect, it } from "vitest";
import { isRefreshDue, isServable, secondsLeft } from "../../../src/token/freshness.js";
import type { TokenSet } from "../../../src/token/token-set.js";

const issued = 1_000_000;
const tokenOf = (lifetime?: number): TokenSet => ({
  access_token: "a",
  token_type: "Bearer",
  obtained_at: issued,
  ...(lifetime !== undefined && { expires_at: issued + lifetime }),
});

describe("a token is handed out", () => {
  it.each([
    ["an hour's token at once", 3600, 0, undefined, true],
    ["with exactly the default of 60 s left", 3600, 3540, undefined, true],
    ["not with 59 s left", 3600, 3541, undefined, false],
    ["with 1 s left when the caller asks for none", 3600, 3599, 0, true],
    ["not at the very second of its expiry, even if the caller asks for none", 3600, 3600, 0, false],
    ["not with less than the caller asks for", 3600, 3000, 601, false],
    [
      "a 20 s token with 5 s left, as the default never exceeds a quarter of the lifetime",
      20,
      15,
      undefined,
      true,
    ],
    ["not a 20 s token with 4 s left", 20, 16, undefined, false],
    ["a 20 s token in the first half of its life, when the caller itself asks for 60 s", 20, 10, 60, true],
    ["not in the second half", 20, 11, 60, false],
    ["not with less than asked for where a new one has just that", 60, 1, 60, false],
    ["a token whose expiry nobody knows", undefined, 10_000_000, 60, true],
  ])("%s", (_case, lifetime, age, min_validity, expected) => {
    expect(isServable(tokenOf(lifetime), { now: issued + age, min_validity })).toBe(expected);
  });
});

describe("a refresh is due", () => {
  it.each([
    ["300 s before the end of an hour's token", 3600, 3300, true],
    ["not 301 s before it", 3600, 3299, false],
    ["in the last quarter of a 60 s token, not from its first second", 60, 45, true],
    ["not in the first three quarters of a 60 s token", 60, 44, false],
    ["never for a token whose expiry nobody knows", undefined, 10_000_000, false],
    ["for a token from a clock that was an hour ahead", 7200, -3600, true],
    ["for a token from a clock that was 50 years ahead", 3600, -1_577_880_000, true],
    ["not for one from a machine whose clock is 5 s ahead", 3600, -5, false],
    ["not for one from the future whose expiry nobody knows", undefined, -3600, false],
  ])("%s", (_case, lifetime, age, expected) => {
    expect(isRefreshDue(tokenOf(lifetime), issued + age, 300)).toBe(expected);
  });
});

it("a token without expiry has endless seconds left", () => {
  expect(secondsLeft(tokenOf(), issued)).toBe(Number.POSITIVE_INFINITY);
});
