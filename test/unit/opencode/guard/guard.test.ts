import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import type { ProfileFacts } from "../../../../src/commands/profiles.js";
import { markShell } from "../../../../src/opencode/guard/agent-shell.js";
import { guard } from "../../../../src/opencode/guard/guard.js";
import { type AgentCall, furnish, hostileCalls, innocentCalls } from "../../../support/agent-calls.js";

const home = realpathSync(mkdtempSync(join(tmpdir(), "oidc-token-guard-")));
furnish(home);
writeFileSync(join(home, "client-secret"), "a secret");
writeFileSync(join(home, "data", "oidc-token", "tokens", "acme-1.json"), "{}");
afterAll(() => rmSync(home, { recursive: true, force: true }));

const place = { directory: join(home, "project"), worktree: join(home, "project") };
const secrets = [join(home, "data", "oidc-token"), join(home, "client-secret")];
const shown = (calls: readonly AgentCall[]) =>
  calls.map((call) => [`${call.tool} ${JSON.stringify(call.args).replaceAll(home, "~")}`, call] as const);

function verdict(call: AgentCall): string {
  vi.stubEnv("HOME", home);
  vi.stubEnv("XDG_DATA_HOME", join(home, "data"));
  try {
    guard(call, place, secrets);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
afterEach(() => vi.unstubAllEnvs());

describe("the guard", () => {
  const innocent = innocentCalls(home);
  const hostile = hostileCalls(home).filter(({ by }) => by === "guard");

  test("is held against at least 25 calls of each kind", () => {
    expect(innocent.length).toBeGreaterThanOrEqual(25);
    expect(hostile.length).toBeGreaterThanOrEqual(25);
  });

  test.each(shown(innocent))("lets pass: %s", (_name, call) => {
    expect(verdict(call)).toBe("");
  });

  test.each(shown(hostile))("stops: %s", (_name, call) => {
    expect(verdict(call)).toContain(
      "oidc-token keeps its store and the files that hold its secrets from tools",
    );
  });

  test.each(shown(hostileCalls(home).filter(({ by }) => by === "command")))(
    "leaves to the command, which knows better than a text: %s",
    (_name, call) => {
      expect(verdict(call)).toBe("");
    },
  );

  test("tells a search where it may look", () => {
    expect(verdict({ tool: "grep", args: { pattern: "x", path: home } })).toContain(
      "search in a folder that",
    );
  });

  test.each([
    undefined,
    null,
    7,
    "text",
    [],
    {},
    { filePath: 7 },
    { filePath: "a\0b" },
    { tool_calls: [null, 7] },
  ])("takes %j for what names no path", (args) => {
    expect(() => guard({ tool: "read", args }, place, secrets)).not.toThrow();
  });

  test("is quick with a command line of tens of kilobytes", () => {
    const begun = performance.now();
    for (const command of ['a"'.repeat(5_000), `${"\\".repeat(20_001)}`, `echo ${"'".repeat(20_000)}`]) {
      expect(verdict({ tool: "bash", args: { command } })).toBe("");
    }
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});

test("a shell of the agent is marked, and rid of the variables that hold secrets", () => {
  const env = { OTHER: "kept" };
  const facts = (secret_variables?: string[]) => ({ secret_variables }) as unknown as ProfileFacts;
  markShell(env, [facts(["LLM_KEY"]), facts(undefined), facts(["LLM_KEY", "OIDC_TOKEN_KEY"])]);
  expect(env).toEqual({ OTHER: "kept", OIDC_TOKEN_AGENT: "1", LLM_KEY: "", OIDC_TOKEN_KEY: "" });
});
