import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isInteractive } from "../../../src/terminal/interactive.js";
import { InMemory } from "../../support/in-memory.js";

let place: InMemory;
beforeEach(() => {
  place = new InMemory();
});
afterEach(() => place.dispose());

describe("a sign-in may be started", () => {
  it.each<[string, boolean, Record<string, string>, string | undefined, boolean]>([
    ["on a terminal", true, {}, undefined, true],
    ["not where a program is listening", false, {}, undefined, false],
    ["not in CI, terminal or not", true, { CI: "true" }, undefined, false],
    ["on a terminal where CI says that it is none", true, { CI: "false" }, undefined, true],
    ["on a terminal where CI is 0", true, { CI: "0" }, undefined, true],
    ["on a terminal where CI is empty", true, { CI: "" }, undefined, true],
    ["anywhere when the option says always", false, { CI: "1" }, "always", true],
    ["nowhere when the option says never", true, {}, "never", false],
    ["anywhere when the variable says always", false, { OIDC_TOKEN_INTERACTIVE: "always" }, undefined, true],
    ["nowhere when the variable says never", true, { OIDC_TOKEN_INTERACTIVE: "never" }, undefined, false],
    ["as the option says, whatever the variable", true, { OIDC_TOKEN_INTERACTIVE: "always" }, "never", false],
    ["as ever when the variable is empty", true, { OIDC_TOKEN_INTERACTIVE: "" }, undefined, true],
  ])("%s", (_what, terminal, env, option, expected) => {
    place.terminal = terminal;
    Object.assign(place.env, env);
    expect(isInteractive(place.context(), option)).toBe(expected);
  });

  it.each<[string, boolean, boolean]>([
    ["stdin is not one", false, true],
    ["stderr is not one", true, false],
  ])("not on half a terminal, where %s", (_what, stdin, stderr) => {
    const context = place.context();
    Object.assign(context.stdin, { isTTY: stdin });
    Object.assign(context.stderr, { isTTY: stderr });
    expect(isInteractive(context, undefined)).toBe(false);
  });
});

it("a word that is none is an error that names where it stands", () => {
  place.env.OIDC_TOKEN_INTERACTIVE = "yes";
  expect(() => isInteractive(place.context(), undefined)).toThrow(
    /OIDC_TOKEN_INTERACTIVE does not know "yes"/,
  );
  expect(() => isInteractive(place.context(), "no")).toThrow(/--interactive does not know "no"/);
});
