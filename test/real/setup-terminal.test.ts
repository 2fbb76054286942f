import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMAND_LINE, Sandbox } from "../support/command.js";
import { startTerminal, type Terminal } from "../support/terminal.js";
import { onPath } from "../support/tools/installed.js";

const tmux = onPath("tmux", true);

describe.skipIf(tmux.missing)(tmux.named("setup --write on a terminal"), () => {
  let sandbox: Sandbox;
  let terminal: Terminal;
  let settings: string;
  beforeEach(async () => {
    sandbox = new Sandbox();
    settings = join(sandbox.home, ".claude", "settings.json");
    sandbox.configure({
      profiles: {
        corp: { flow: "static_key", key: "{env:KEY}", base_url: "https://gateway.example/v1" },
      },
    });
    const script = join(sandbox.home, "session.sh");
    const command = `${COMMAND_LINE} setup claude-code --write`;
    writeFileSync(script, `${command}\necho "[exit $?]"\nexec sleep 60\n`);
    terminal = await startTerminal(`sh '${script}'`, sandbox.env, sandbox.home);
  });
  afterEach(async () => {
    await terminal?.stop();
    sandbox.dispose();
  });

  it("shows the change and asks; no leaves everything as it is", async () => {
    const screen = await terminal.until(/Change this file\?/);
    expect(screen).toContain("apiKeyHelper");
    expect(screen).toContain(settings);
    await terminal.press("n");
    expect(await terminal.until(/\[exit \d+\]/)).toContain("[exit 130]");
    expect(existsSync(settings)).toBe(false);
  });

  it("makes the change after a yes", async () => {
    await terminal.until(/Change this file\?/);
    await terminal.press("y");
    expect(await terminal.until(/\[exit \d+\]/)).toContain("[exit 0]");
    expect(readFileSync(settings, "utf8")).toContain("apiKeyHelper");
  });
});
