import { describe, expect, it } from "vitest";
import { type ErrorKind, EXIT_CODES, isOidcTokenError, OidcTokenError } from "../../src/errors.js";

it("the exit codes are those that callers were promised", () => {
  expect(EXIT_CODES).toEqual({
    done: 0,
    defect: 1,
    usage: 2,
    sign_in_needed: 3,
    configuration: 4,
    temporary: 5,
    store: 6,
    refused: 7,
    interrupted: 130,
  });
});

describe("an error of this program", () => {
  const kinds = Object.keys(EXIT_CODES).filter((kind) => kind !== "done") as ErrorKind[];

  it.each(kinds)("of kind %s ends the process with its code", (kind) => {
    expect(new OidcTokenError(kind, "it failed", "mend it").exitCode).toBe(EXIT_CODES[kind]);
  });

  it("is known by its name, as the hot path has a copy of the class of its own", () => {
    const copy = Object.assign(new Error("it failed"), {
      name: "OidcTokenError",
      kind: "store",
      hint: "mend it",
    });
    expect(isOidcTokenError(copy)).toBe(true);
  });

  it.each([
    ["another error", new Error("OidcTokenError")],
    ["a look-alike that is no error", { name: "OidcTokenError", kind: "store" }],
    ["nothing", undefined],
  ])("is not %s", (_what, thrown) => {
    expect(isOidcTokenError(thrown)).toBe(false);
  });

  it("keeps its cause out of its text, where secrets may be", () => {
    const error = new OidcTokenError("refused", "it failed", "mend it", { cause: new Error("canary") });
    expect(`${error.message} ${error.hint} ${String(error)} ${JSON.stringify(error)}`).not.toContain(
      "canary",
    );
  });
});
