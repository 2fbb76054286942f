import { expect, it } from "vitest";
import { requestHeaders, responseHeaders } from "../../../src/serve/headers.js";

it("a request goes on with the token in place of the client's credentials, without what is of one connection", () => {
  const lines = [
    ...["Host", "127.0.0.1:1", "Authorization", "Bearer the-key", "X-Api-Key", "the-key", "Cookie", "a=b"],
    ...[
      "Connection",
      "keep-alive, X-Own",
      "X-Own",
      "1",
      "Keep-Alive",
      "timeout=5",
      "Transfer-Encoding",
      "chunked",
    ],
    ...["Upgrade", "h2c", "TE", "trailers", "Proxy-Authorization", "Basic x", "Expect", "100-continue"],
    ...["Accept", "a", "accept", "b", "Content-Length", "5"],
  ];
  expect(requestHeaders(lines, "Authorization", "Bearer token")).toEqual([
    ...["Accept", "a", "accept", "b", "Content-Length", "5", "Authorization", "Bearer token"],
  ]);
  expect(requestHeaders(["x-token", "mine", "A", "1"], "X-Token", "theirs")).toEqual([
    "A",
    "1",
    "X-Token",
    "theirs",
  ]);
});

it("a response comes back without the token, permissions for other origins, cookies and what is of one connection", () => {
  const places = { token: "SECRET", service: "https://gw.example", here: "http://127.0.0.1:1" };
  const lines = [
    ...[
      "Content-Type",
      "text/event-stream",
      "Connection",
      "close, X-Hop",
      "X-Hop",
      "1",
      "Transfer-Encoding",
      "chunked",
    ],
    ...["Access-Control-Allow-Origin", "*", "Set-Cookie", "s=1", "Alt-Svc", "h3", "X-Echo", "Bearer SECRET"],
    ...["Vary", "a", "Vary", "b"],
  ];
  expect(responseHeaders(lines, places)).toEqual([
    "Content-Type",
    "text/event-stream",
    "Vary",
    "a",
    "Vary",
    "b",
  ]);
});

it.each([
  ["https://gw.example/v1/x", "http://127.0.0.1:1/v1/x"],
  ["https://gw.example", "http://127.0.0.1:1"],
  ["https://gw.example.evil.test/v1", "https://gw.example.evil.test/v1"],
  ["https://gw.example@evil.test/", "https://gw.example@evil.test/"],
  ["https://other.example/v1", "https://other.example/v1"],
  ["/v1/y", "/v1/y"],
])("a redirect to %s leads to %s", (location, expected) => {
  const places = { token: "SECRET", service: "https://gw.example", here: "http://127.0.0.1:1" };
  expect(responseHeaders(["Location", location], places)).toEqual(["Location", expected]);
});
