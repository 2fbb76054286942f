import { describe, expect, it } from "vitest";
import { isBelow, refusalOf } from "../../../src/serve/gate.js";

const gate = { port: 4000, key: "the-key-of-this-run", base_path: "/v1" };
const good = { host: "127.0.0.1:4000", authorization: `Bearer ${gate.key}` };
const status = (headers: Record<string, string>, url = "/v1/models") =>
  refusalOf({ url, headers: { ...good, ...headers } }, gate)?.status;

describe("a request is let through", () => {
  it.each<[string, Record<string, string>]>([
    ["with the key as a bearer token", {}],
    ["with the key in x-api-key", { authorization: "", "x-api-key": gate.key }],
    ["with the key in x-goog-api-key", { authorization: "", "x-goog-api-key": gate.key }],
    ["with the key in api-key", { authorization: "Bearer other", "api-key": gate.key }],
    ["to localhost", { host: "LocalHost:4000" }],
    ["of an extension", { origin: "vscode-webview://abc" }],
  ])("%s", (_what, headers) => {
    expect(status(headers)).toBeUndefined();
  });
});

describe("a request is refused", () => {
  it.each<[string, Record<string, string>, number]>([
    ["without the key", { authorization: "" }, 401],
    ["with another key", { authorization: "Bearer the-key-of-that-run" }, 401],
    ["with the beginning of the key", { authorization: `Bearer ${gate.key.slice(0, -1)}` }, 401],
    ["with more than the key", { authorization: `Bearer ${gate.key}x` }, 401],
    ["with the key as a password", { authorization: `Basic ${gate.key}` }, 401],
    ["for another name of this address", { host: "evil.example:4000" }, 421],
    ["for another port", { host: "127.0.0.1:4001" }, 421],
    ["without a port", { host: "127.0.0.1" }, 421],
    ["without a host", { host: "" }, 421],
    ["of a web page, even with the key", { origin: "https://evil.example" }, 403],
    ["of a web page on this machine", { origin: "http://localhost:3000" }, 403],
    ["of a page without a name", { origin: "null" }, 403],
  ])("%s", (_what, headers, expected) => {
    expect(status(headers)).toBe(expected);
  });

  it("for a path that is not below base_url, though it has the key", () => {
    expect(status({}, "/admin")).toBe(404);
  });
});

describe("below /v1 lies", () => {
  it.each([
    "/v1",
    "/v1/",
    "/v1?x=1",
    "/v1/chat/completions",
    "/v1/models/meta%2Fllama",
    "/v1/models/a..b",
    "/v1/.well-known/x",
    "/v1/x?next=../../admin//y",
    "/v1/50%25off",
  ])("%s", (target) => expect(isBelow(target, "/v1")).toBe(true));
});

describe("below /v1 does not lie", () => {
  it.each([
    "/",
    "/v2/x",
    "/v1x",
    "/V1/x",
    "v1/x",
    "*",
    "http://evil.example/v1/x",
    "//evil.example/v1",
    "/v1/../admin",
    "/v1/..",
    "/v1/./../admin",
    "/v1/%2e%2e/admin",
    "/v1/%2E./admin",
    "/v1/.%2e/admin",
    "/v1/%252e%252e/admin",
    "/v1/%25252e%25252e/admin",
    "/v1/%2525252525252e%2e/admin",
    "/v1/..%2fadmin",
    "/v1/x%2f..%2f..%2fadmin",
    "/v1/..%5cadmin",
    "/v1/..\\admin",
    "/v1\\..\\admin",
    "/v1/..;/admin",
    "/v1/..;x=1/admin",
    "/v1/%2e%2e%3b/admin",
    "/v1//admin",
    "/v1/x%00",
    "/v1/x%0d%0aheader:y",
    "/v1/%",
    "/v1/%zz",
    "/v1/x#y",
    "/v1/x y",
    "/v1/ü",
  ])("%s", (target) => expect(isBelow(target, "/v1")).toBe(false));
});
