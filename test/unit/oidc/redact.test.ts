import { describe, expect, it } from "vitest";
import { createRedactor } from "../../../src/oidc/redact.js";

describe("cleaning what a provider said", () => {
  it("takes out secrets of this run, as they are and percent-encoded, and JWTs", () => {
    const redactor = createRedactor();
    redactor.hide("s3cret/with+signs");
    const jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln";
    const clean = redactor.clean(`a s3cret/with+signs b s3cret%2Fwith%2Bsigns c ${jwt} d`);
    expect(clean).not.toMatch(/s3cret|eyJ/);
    expect(clean).toMatch(/^a \S+ b \S+ c \S+ d$/);
  });

  it("takes out a secret that was broken over two lines", () => {
    const redactor = createRedactor();
    redactor.hide("two words");
    expect(redactor.clean("x two\nwords y")).not.toContain("two words");
  });

  it("makes one line of it, without control, zero-width or bidirectional characters", () => {
    const { clean } = createRedactor();
    expect(clean("a\u001b[31mb\r\nc\td\u0007\u009b2Je\u200b\u202ef\u2028g\ufeff")).toBe(
      "a [31mb c d 2Je f g",
    );
  });

  it("cuts at 200 characters", () => {
    const { clean } = createRedactor();
    expect(clean("x".repeat(200))).toHaveLength(200);
    expect(clean("x".repeat(5000))).toBe(`${"x".repeat(199)}…`);
  });
});
