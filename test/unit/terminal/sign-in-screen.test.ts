import { afterEach, beforeEach, expect, it } from "vitest";
import { terminalDisplay } from "../../../src/terminal/sign-in-screen.js";
import { InMemory } from "../../support/in-memory.js";

const CANARY = "canary-5d20-secret";

let place: InMemory;
beforeEach(() => {
  place = new InMemory();
});
afterEach(() => place.dispose());

it("a notice during a sign-in shows no secret, also not one that the provider repeats", () => {
  const context = place.context();
  context.redactor.add(CANARY);
  const display = terminalDisplay(context, "okta");
  display.notice(`the provider says ${CANARY}; still trying`);
  display.close();
  expect(place.stderr).toBe("oidc-token: the provider says [redacted]; still trying\n");
});
