import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Log } from "../../log.js";
import { programPath } from "../../programs/program-path.js";
import { failureOf } from "./failure.js";

/** What a short process of Bun's loses by compiling: 5 ms of 26 (measured). */
const WITHOUT_JIT = { BUN_JSC_useJIT: "0" };

const HERE = dirname(fileURLToPath(import.meta.url));
const BIN = join(HERE, "../bin/oidc-token.js");
export const NAME = "oidc-token";

interface RunOptions {
  /** Seconds until the process is killed. */
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
  readonly input?: string;
  onLine?(line: string): void;
}

/** Runs `oidc-token`: the package's own with the runtime we are in, or `argv`. */
export class Command {
  readonly #log: Log | undefined;
  readonly #platform: NodeJS.Platform;

  constructor(
    readonly argv?: readonly string[],
    log?: Log,
    platform = process.platform,
  ) {
    this.#log = log;
    this.#platform = platform;
  }

  /** The stdout of one call. Rejects with a sentence fit for OpenCode's screen, or the signal's reason. */
  run(args: readonly string[], { seconds, signal, input, onLine }: RunOptions): Promise<string> {
    const [file = "", ...head] = this.argv ?? (existsSync(BIN) ? [process.execPath, BIN] : [NAME]);
    // A Bun takes .env and bunfig.toml, with code to preload, from its working folder: never from the project.
    // And an OpenCode that an agent started is ours all the same: its model sees no token, and its shells are marked again.
    const env = {
      ...process.env,
      BUN_BE_BUN: "1",
      OIDC_TOKEN_AGENT: "",
      ...(args[0] === "get" && WITHOUT_JIT),
    };
    const options = { cwd: HERE, env, windowsHide: true };
    const limits = { signal, timeout: seconds * 1000, killSignal: "SIGKILL", maxBuffer: 2 ** 24 } as const;
    const begun = performance.now();
    return new Promise((resolve, reject) => {
      const program = programPath(file, { env, platform: this.#platform });
      const child = execFile(
        program,
        [...head, ...args],
        { ...options, ...limits },
        (error, stdout, stderr) => {
          const fields = {
            command: args[0],
            profile: args[args.indexOf("--profile") + 1 || args.length],
            ms: Math.round(performance.now() - begun),
          };
          if (!error) {
            this.#log?.debug("command ran", fields);
            return resolve(stdout);
          }
          if (signal?.aborted) return reject(signal.reason);
          const problem = failureOf(error, stderr, seconds);
          this.#log?.warn("command failed", { ...fields, error: problem.message });
          reject(problem);
        },
      );
      child.stdin?.on("error", () => {}).end(input);
      if (onLine && child.stdout) createInterface({ input: child.stdout }).on("line", onLine);
    });
  }
}
