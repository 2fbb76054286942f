import { afterEach, beforeEach, expect, it, vi } from "vitest";
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

it("after half a minute it says which redirect address to register, letter by letter", () => {
  vi.useFakeTimers();
  try {
    const display = terminalDisplay(place.context(), "okta");
    const redirect_uri = "http://localhost:8888/callback";
    display.browser({
      url: "https://idp.example.com/authorize",
      redirect_uri,
      opened: true,
      paste: () => undefined,
    });
    vi.advanceTimersByTime(29_000);
    expect(place.stderr).not.toContain(redirect_uri);
    vi.advanceTimersByTime(2000);
    expect(place.stderr).toContain(`register exactly this one at the provider: ${redirect_uri}\n`);
    display.close();
  } finally {
    vi.useRealTimers();
  }
});
