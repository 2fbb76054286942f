import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

/** A program on a real terminal, and somebody in front of it. */
export interface Terminal {
  /** What can be read on the screen now. */
  screen(): Promise<string>;
  /** The same with its colours, as escape sequences. */
  coloured(): Promise<string>;
  /** Waits until the screen shows this, and answers the screen. Rejects with the screen after `seconds` (60). */
  until(text: RegExp, seconds?: number): Promise<string>;
  /** Types a text as it stands. */
  type(text: string): Promise<void>;
  /** Pastes a text as a terminal does, bracketed where the program has asked for that. */
  paste(text: string): Promise<void>;
  /** Presses a key by tmux's name for it: `Enter`, `Escape`, `Down`. */
  press(key: string): Promise<void>;
  cursorIsShown(): Promise<boolean>;
  stop(): Promise<void>;
}

/** Columns and rows. */
const SIZE = [120, 40] as const;

/** Runs a program in a tmux server of its own. Call `stop`. */
export async function startTerminal(
  program: string,
  env: Readonly<Record<string, string>>,
  cwd: string,
  [columns, rows]: readonly [number, number] = SIZE,
): Promise<Terminal> {
  const folder = mkdtempSync(join(tmpdir(), "oidc-token-terminal-"));
  const tmux = async (...args: string[]) => {
    const options = {
      timeout: 10_000,
      env: { ...env, TERM: "xterm-256color", PATH: process.env.PATH ?? "" },
    };
    return (
      await promisify(execFile)("tmux", ["-f", "/dev/null", "-S", join(folder, "socket"), ...args], options)
    ).stdout;
  };
  await tmux("new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, "-c", cwd, program);
  const screen = () => tmux("capture-pane", "-p");
  return {
    screen,
    coloured: () => tmux("capture-pane", "-p", "-e"),
    async until(text, seconds = 60) {
      const end = performance.now() + seconds * 1000;
      for (;;) {
        const shown = await screen();
        if (text.test(shown)) return shown;
        if (performance.now() > end) throw new Error(`the terminal never showed ${text}, but:\n${shown}`);
        await delay(200);
      }
    },
    type: async (text) => void (await tmux("send-keys", "-l", text)),
    paste: async (text) => {
      await tmux("set-buffer", text);
      await tmux("paste-buffer", "-p", "-r");
    },
    press: async (key) => void (await tmux("send-keys", key)),
    cursorIsShown: async () => (await tmux("display-message", "-p", "#{cursor_flag}")).trim() === "1",
    async stop() {
      await tmux("kill-server").catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
