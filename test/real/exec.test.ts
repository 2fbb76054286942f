import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMAND_LINE, Sandbox } from "../support/command.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { startTerminal, type Terminal } from "../support/terminal.js";

function tmuxMissing(): boolean {
  try {
    execFileSync("tmux", ["-V"], { timeout: 5000 });
    return false;
  } catch {
    return process.env.OIDC_TOKEN_TEST_NO_SKIP !== "1";
  }
}

const missing = tmuxMissing();

let provider: TestProvider;
let sandbox: Sandbox;
beforeEach(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  sandbox.configure({ profiles: { dev: browserProfile(provider) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
});
afterEach(async () => {
  sandbox.dispose();
  await provider.stop();
});

describe.skipIf(missing)(`exec on a terminal${missing ? " (skipped: tmux is not installed)" : ""}`, () => {
  let terminal: Terminal | undefined;
  afterEach(async () => {
    await terminal?.stop();
    terminal = undefined;
  });

  it("hands it over: the program reads it, Ctrl-C reaches it once and ends nothing else", async () => {
    const child = join(sandbox.home, "child.cjs");
    writeFileSync(
      child,
      `let times = 0;
process.on("SIGINT", () => console.log("interrupted", ++times));
console.log("ready", process.stdin.isTTY, process.stdout.isTTY);
process.stdin.on("data", (text) => {
  console.log("read", String(text).trim(), "after", times);
  process.exit(5);
});`,
    );
    const script = join(sandbox.home, "session.sh");
    const command = `${COMMAND_LINE} exec -- '${process.execPath}' '${child}'`;
    writeFileSync(script, `trap : INT\n${command}\necho "[exit $?]"\nexec sleep 60\n`);
    terminal = await startTerminal(`sh '${script}'`, sandbox.env, sandbox.home);
    await terminal.until(/ready true true/);
    await terminal.press("C-c");
    await terminal.until(/interrupted 1/);
    await terminal.press("C-c");
    await terminal.until(/interrupted 2/);
    await terminal.type("hello");
    await terminal.press("Enter");
    expect(await terminal.until(/\[exit \d+\]/)).toMatch(/read hello after 2[\s\S]*\[exit 5\]/);
  });
});
