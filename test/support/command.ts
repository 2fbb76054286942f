import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** OIDC_TOKEN_TEST_BIN names another build, for a long run while this one is being rebuilt. */
export const BIN =
  process.env.OIDC_TOKEN_TEST_BIN ?? fileURLToPath(new URL("../../bin/oidc-token.js", import.meta.url));

/** OIDC_TOKEN_TEST_COMMAND names an executable that is tested in place of the script. */
const EXECUTABLE = process.env.OIDC_TOKEN_TEST_COMMAND && resolve(process.env.OIDC_TOKEN_TEST_COMMAND);

/** The file that is `oidc-token`: the script, or the executable. */
export const PROGRAM = EXECUTABLE || BIN;

export const IS_SCRIPT = !EXECUTABLE;

/** The words that start it. */
export const COMMAND: readonly string[] = EXECUTABLE ? [EXECUTABLE] : [process.execPath, BIN];

/** COMMAND as a line for a shell. */
export const COMMAND_LINE = COMMAND.map((word) => `'${word}'`).join(" ");

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from start to end. */
  readonly took: number;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly cwd?: string;
  /** Milliseconds after which the command is killed; a test that gets there has failed. */
  readonly limit?: number;
  /** The words that run the script in place of this Node. */
  readonly runtime?: readonly string[];
  /** The words that run what starts the command, which follows them. */
  readonly through?: readonly string[];
  /** The command as it was installed somewhere, in place of this checkout's. */
  readonly program?: readonly string[];
}

/** A home of its own for the command: HOME, the XDG folders, no keyring, nothing of the machine's own settings. */
export class Sandbox {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #running = new Set<ChildProcess>();

  constructor(extra: Readonly<Record<string, string>> = {}) {
    this.home = mkdtempSync(join(tmpdir(), "oidc-token-test-"));
    mkdirSync(join(this.home, "run"), { mode: 0o700 });
    this.env = {
      PATH: process.env.PATH ?? "",
      HOME: this.home,
      USERPROFILE: this.home,
      APPDATA: join(this.home, "config"),
      LOCALAPPDATA: join(this.home, "local"),
      XDG_CONFIG_HOME: join(this.home, "config"),
      XDG_DATA_HOME: join(this.home, "data"),
      XDG_CACHE_HOME: join(this.home, "cache"),
      XDG_STATE_HOME: join(this.home, "state"),
      XDG_RUNTIME_DIR: join(this.home, "run"),
      OIDC_TOKEN_STORE: "file",
      ...extra,
    };
  }

  get configDir(): string {
    return join(this.home, "config", "oidc-token");
  }

  get logFile(): string {
    return join(this.home, "state", "oidc-token", "oidc-token.log");
  }

  /** Writes config.jsonc; an object is written as JSON. */
  configure(config: object | string): string {
    mkdirSync(this.configDir, { recursive: true });
    const path = join(this.configDir, "config.jsonc");
    const text = typeof config === "string" ? config : JSON.stringify(config, null, 2);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /** Starts the command and leaves it to the caller, who may write to it and read from it. */
  start(
    args: readonly string[],
    options: RunOptions = {},
  ): ChildProcess & { readonly outcome: Promise<Outcome> } {
    const command = options.program ?? (options.runtime ? [...options.runtime, BIN] : COMMAND);
    const [file = "", ...words] = [...(options.through ?? []), ...command, ...args];
    const begun = performance.now();
    const child = spawn(file, words, {
      cwd: options.cwd ?? this.home,
      env: { ...this.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#running.add(child);
    const limit = setTimeout(() => child.kill("SIGKILL"), options.limit ?? 15_000);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdin.on("error", () => {});
    if (options.input !== undefined) child.stdin.end(options.input);
    const outcome = new Promise<Outcome>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        clearTimeout(limit);
        this.#running.delete(child);
        resolve({ code, signal, stdout, stderr, took: performance.now() - begun });
      });
    });
    return Object.assign(child, { outcome });
  }

  /** Runs the command to its end, with an empty stdin unless there is input. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return await this.start(args, { input: "", ...options }).outcome;
  }

  /** The words that start one of the program's other names, `docker-credential-oidc-token` for one. */
  named(name: string): readonly string[] {
    if (!EXECUTABLE) return [process.execPath, join(dirname(BIN), `${name}.js`)];
    const link = join(this.home, "names", name);
    mkdirSync(dirname(link), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(EXECUTABLE, link);
    return [link];
  }

  /** Ends what still runs and removes every trace. */
  dispose(): void {
    for (const child of this.#running) child.kill("SIGKILL");
    // Where the machine has a folder of the user's number, locks are there, whatever this home says.
    for (const name of this.#accounts())
      rmSync(`/run/user/${process.getuid?.()}/oidc-token/${name}`, { recursive: true, force: true });
    rmSync(this.home, { recursive: true, force: true });
  }

  #accounts(): string[] {
    try {
      const names = readdirSync(join(this.home, "data", "oidc-token", "tokens"));
      return names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));
    } catch {
      return [];
    }
  }
}
