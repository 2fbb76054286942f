import { describe, expect, it } from "vitest";
import { jwtExpiry } from "../../../src/token/jwt.js";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown) => `${encode({ alg: "RS256" })}.${encode(claims)}.signature`;

describe("the expiry of a JWT", () => {
  it.each([
    ["is its exp claim", jwt({ exp: 1_700_000_000 }), 1_700_000_000],
    ["may have a fraction (RFC 7519 §2)", jwt({ exp: 1_700_000_000.5 }), 1_700_000_000.5],
    ["is read past other claims in any alphabet", jwt({ name: "Ærøskøbing 東京", exp: 7 }), 7],
    ["is read from an unsigned one", `${encode({ alg: "none" })}.${encode({ exp: 7 })}.`, 7],
  ])("%s", (_what, token, expected) => {
    expect(jwtExpiry(token)).toBe(expected);
  });
});

describe("there is no expiry to be read from", () => {
  it.each([
    ["an opaque token", "2YotnFZFEjr1zCsicMWpAA"],
    ["nothing", ""],
    ["dots", ".."],
    ["a JWT without exp", jwt({ sub: "me" })],
    ["an exp that is text", jwt({ exp: "1700000000" })],
    [
      "an exp that is no finite number",
      `${encode({})}.${Buffer.from('{"exp":1e999}').toString("base64url")}.x`,
    ],
    ["claims that are null", jwt(null)],
    ["claims that are a list", jwt([1])],
    ["claims that are no JSON", `${encode({})}.${Buffer.from("{exp:1}").toString("base64url")}.x`],
    ["an opaque token with two dots", "one.two.three"],
    ["an encrypted JWT, which has five parts", `${jwt({ exp: 7 })}.four.five`],
    ["two parts of a JWT", jwt({ exp: 7 }).split(".").slice(0, 2).join(".")],
  ])("%s", (_what, token) => {
    expect(jwtExpiry(token)).toBeUndefined();
  });
});
