import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMAND_LINE, Sandbox } from "../support/command.js";
import { startTerminal, type Terminal } from "../support/terminal.js";

const SCRIPTS = new URL("../../completions/", import.meta.url).pathname;

/** How a shell is started with nothing of the user's in it, and told of the completions, in the README's words. */
const SHELLS = {
  bash: { start: "bash --noprofile --norc", load: 'eval "$(oidc-token completion bash)"' },
  zsh: { start: "zsh -f", load: 'eval "$(oidc-token completion zsh)"' },
  fish: { start: "fish --no-config", load: "oidc-token completion fish | source" },
  // As a package puts it there, to be loaded at the first Tab.
  "zsh that finds it in fpath": {
    start: "zsh -f",
    load: `fpath=('${SCRIPTS}' $fpath); autoload -U compinit; compinit -u -D`,
  },
} as const;

function missing(program: string): boolean {
  try {
    execFileSync(program, [program === "tmux" ? "-V" : "--version"], { timeout: 5000 });
    return false;
  } catch {
    return process.env.OIDC_TOKEN_TEST_NO_SKIP !== "1";
  }
}

describe.each(Object.keys(SHELLS) as (keyof typeof SHELLS)[])("in a real %s, Tab", (shell) => {
  const absent = [shell.split(" ")[0] as string, "tmux"].filter(missing);
  const skipped = absent.length > 0 ? ` (skipped: ${absent.join(" and ")} not installed)` : "";
  let sandbox: Sandbox;
  let terminal: Terminal;
  beforeEach(async () => {
    if (skipped !== "") return;
    sandbox = new Sandbox();
    const profile = { flow: "static_key", key: "{env:NOT_SET}" };
    sandbox.configure({ profiles: { "acme-production": profile, "acme-staging": profile, other: profile } });
    const bin = join(sandbox.home, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "oidc-token"), `#!/bin/sh\nexec ${COMMAND_LINE} "$@"\n`);
    chmodSync(join(bin, "oidc-token"), 0o755);
    const path = `${bin}:${process.env.PATH}`;
    terminal = await startTerminal(
      `env HISTFILE=/dev/null PATH='${path}' ${SHELLS[shell].start}`,
      { ...sandbox.env, PATH: path },
      sandbox.home,
    );
    await terminal.type(`${SHELLS[shell].load}; echo rea''dy`);
    await terminal.press("Enter");
    await terminal.until(/^ready/m);
  });
  afterEach(async () => {
    if (skipped !== "") return;
    await terminal.stop();
    sandbox.dispose();
  });

  it.skipIf(skipped !== "")(`completes the name of a profile${skipped}`, async () => {
    await terminal.type("oidc-token get --profile oth");
    await terminal.press("Tab");
    await terminal.until(/get --profile other/, 20);
  });

  it.skipIf(skipped !== "")(`shows the profiles that begin alike${skipped}`, async () => {
    await terminal.type("oidc-token get --profile acme");
    await terminal.press("Tab");
    await terminal.until(/get --profile acme-/, 20);
    // Bash lists them at the second Tab in a row, the others at once.
    for (const key of ["Tab", "Tab"]) await terminal.press(key);
    await terminal.until(/acme-production\s[\s\S]*acme-staging/, 20);
  });

  it.skipIf(skipped !== "")(`completes a command and an option's value with =${skipped}`, async () => {
    await terminal.type("oidc-token stat");
    await terminal.press("Tab");
    await terminal.until(/oidc-token status/, 20);
    await terminal.press("C-u");
    await terminal.type("oidc-token get --format=exec");
    await terminal.press("Tab");
    await terminal.until(/--format=exec-credential/, 20);
  });

  it.skipIf(skipped !== "")(`runs nothing of what is on the line${skipped}`, async () => {
    await terminal.type("oidc-token get --url $(touch ran) --profile oth");
    await terminal.press("Tab");
    await terminal.until(/--profile other/, 20);
    await terminal.press("C-u");
    await terminal.type("test -e ran && echo it-r''an || echo it-did''-not");
    await terminal.press("Enter");
    expect(await terminal.until(/^it-(?:ran|did-not)/m, 20)).toMatch(/^it-did-not/m);
  });
});

const noShellcheck = missing("shellcheck");
it.skipIf(noShellcheck)(
  `shellcheck finds nothing in the script for bash${noShellcheck ? " (skipped: not installed)" : ""}`,
  () => {
    const run = () =>
      execFileSync("shellcheck", ["--shell=bash", `${SCRIPTS}oidc-token.bash`], { encoding: "utf8" });
    expect(run()).toBe("");
  },
);
