import { describe, expect, it } from "vitest";
import { challengesIn } from "../../../src/http/challenge.js";

describe("a WWW-Authenticate header (RFC 9110 §11.6.1)", () => {
  it.each([
    [null, []],
    ["", []],
    ["Bearer", [{ scheme: "bearer", parameters: {} }]],
    [
      'Bearer error="invalid_token", error_description="a, \\"b\\" = c", Scope=read',
      [
        {
          scheme: "bearer",
          parameters: { error: "invalid_token", error_description: 'a, "b" = c', scope: "read" },
        },
      ],
    ],
    [
      'Negotiate, Basic realm="x",  DPoP algs="ES256" , Bearer resource_metadata = "https://a.example/m"',
      [
        { scheme: "negotiate", parameters: {} },
        { scheme: "basic", parameters: { realm: "x" } },
        { scheme: "dpop", parameters: { algs: "ES256" } },
        { scheme: "bearer", parameters: { resource_metadata: "https://a.example/m" } },
      ],
    ],
    ['Bearer realm="never closed', [{ scheme: "bearer", parameters: { realm: "" } }]],
    ["\u0000\u001b[2J", []],
  ])("%j", (header, expected) => {
    expect(challengesIn(header)).toEqual(expected);
  });

  it("that is endless takes no time", () => {
    const started = performance.now();
    challengesIn(`Bearer ${'a="\\'.repeat(200_000)}`);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
