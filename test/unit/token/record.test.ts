import { describe, expect, it } from "vitest";
import { fromRecord, toRecord } from "../../../src/token/record.js";
import type { TokenSet } from "../../../src/token/token-set.js";

const least: TokenSet = { access_token: "a", token_type: "Bearer", obtained_at: 1_000_000.25 };
const most: TokenSet = {
  ...least,
  expires_at: 1_003_600,
  refresh_token: "r",
  id_token: "i",
  scope: "openid inference",
};

describe("a record", () => {
  it.each([
    ["of a token and no more", least],
    ["of everything a provider may give", most],
    ["with characters of every kind", { ...most, scope: 'ü "\\ \u2028 \u0000' }],
  ])("%s gives back what was put in", (_what, tokens) => {
    expect(fromRecord(toRecord(tokens))).toEqual(tokens);
  });

  it("is one line of text without undefined fields", () => {
    expect(toRecord(least)).toBe('{"v":1,"access_token":"a","token_type":"Bearer","obtained_at":1000000.25}');
  });
});

describe("a text that is no record is not taken for one:", () => {
  const record = (change: object) => JSON.stringify({ v: 1, ...most, ...change });

  it.each([
    ["nothing", ""],
    ["no JSON", "hello"],
    ["half a record", toRecord(most).slice(0, -10)],
    ["null", "null"],
    ["a number", "1"],
    ["a string", '"a"'],
    ["a list", "[]"],
    ["an empty object", "{}"],
    ["the record of another version", record({ v: 2 })],
    ["no access token", record({ access_token: undefined })],
    ["an empty access token", record({ access_token: "" })],
    ["an access token that is no text", record({ access_token: { toString: "a" } })],
    ["an access token of two lines", record({ access_token: "a\nX-Admin: true" })],
    ["an access token that a terminal obeys", record({ access_token: "a\u001b]52;c;eA==\u0007" })],
    ["an access token with a blank", record({ access_token: "a b" })],
    ["an access token that is not ASCII", record({ access_token: "ä" })],
    ["an ID token of two lines", record({ id_token: "a\nb" })],
    ["no token type", record({ token_type: undefined })],
    ["no date", record({ obtained_at: undefined })],
    ["a date that is text", record({ obtained_at: "1000000" })],
    ["an expiry that is text", record({ expires_at: "1000000" })],
    ["an expiry that is null", record({ expires_at: null })],
    ["an expiry before all times", record({ expires_at: -1e308 })],
    ["a date before all times", record({ obtained_at: -1e308 })],
    ["an expiry beyond all numbers", toRecord(most).replace("1003600", "1e999")],
    ["a refresh token that is no text", record({ refresh_token: 1 })],
    ["an ID token that is no text", record({ id_token: null })],
    ["a scope that is a list", record({ scope: ["openid"] })],
  ])("%s", (_what, text) => {
    expect(fromRecord(text)).toBeUndefined();
  });
});

it("a field that a later version has added is kept for it", () => {
  const later = JSON.stringify({ v: 1, ...least, added_later: true });
  expect(JSON.parse(toRecord(fromRecord(later) as TokenSet))).toMatchObject({ added_later: true });
});
