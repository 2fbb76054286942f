import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ProfileFacts } from "../commands/profiles.js";
import type { Log } from "../log.js";
import { programPath } from "../programs/program-path.js";

/** What makes OpenCode repeat a request when it reads it in an error's text. */
const RETRIED =
  /429|50[0234]|524|rate.?limit|rate increased|too.many.requests|overloaded|unavailable|exhausted|(?:internal|server|network|returned).error|upstream connect|terminated|connection|getaddrinfo|enotfound|eai_again|econn(?:refused|reset)|socket hang up|reset before|at capacity|timed? ?out|fetch failed|failed to fetch|try again|try your|retry your/gi;

/** An error OpenCode shows once: an invisible word joiner keeps its text clear of the patterns above. */
export function lasting(sentence: string): Error {
  return new Error(sentence.replace(RETRIED, (match) => `${match[0]}\u2060${match.slice(1)}`));
}

/** An error OpenCode may repeat the request for: the network or a provider is in trouble. */
export class Temporary extends Error {
  constructor(readonly sentence: string) {
    super(`${sentence}; try again later`);
  }
}

/** What a short process of Bun's loses by compiling: 5 ms of 26 (measured). */
const WITHOUT_JIT = { BUN_JSC_useJIT: "0" };

const HERE = dirname(fileURLToPath(import.meta.url));
const BIN = join(HERE, "../bin/oidc-token.js");
const NAME = "oidc-token";

interface RunOptions {
  /** Seconds until the process is killed. */
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
  readonly input?: string;
  onLine?(line: string): void;
}

/** A process under way, and how many wait for its end. */
interface Call {
  readonly answer: Promise<string>;
  readonly stop: AbortController;
  waiting: number;
}

/** Runs `oidc-token`: the package's own with the runtime we are in, or `argv`. */
export class Command {
  readonly #argv: readonly string[] | undefined;
  readonly #log: Log | undefined;
  readonly #platform: NodeJS.Platform;
  readonly #running = new Map<string, Call>();

  constructor(argv?: readonly string[], log?: Log, platform = process.platform) {
    this.#argv = argv;
    this.#log = log;
    this.#platform = platform;
  }

  /** The stdout of one call. Rejects with a sentence fit for OpenCode's screen, or the signal's reason. */
  run(args: readonly string[], { seconds, signal, input, onLine }: RunOptions): Promise<string> {
    const [file = "", ...head] = this.#argv ?? (existsSync(BIN) ? [process.execPath, BIN] : [NAME]);
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
            ms: since(begun),
          };
          if (!error) {
            this.#log?.debug("command ran", fields);
            return resolve(stdout);
          }
          if (signal?.aborted) return reject(signal.reason);
          const problem = explain(error, stderr, seconds);
          this.#log?.warn("command failed", { ...fields, error: problem.message });
          reject(problem);
        },
      );
      child.stdin?.on("error", () => {}).end(input);
      if (onLine && child.stdout) createInterface({ input: child.stdout }).on("line", onLine);
    });
  }

  /**
   * The profiles there are. Rejects with a sentence where there is no answer, or one that only another program by the
   * same name would give.
   */
  async profiles(): Promise<readonly ProfileFacts[]> {
    const answer = await this.run(["profiles", "--json"], { seconds: 20 }).catch((error: Error) => {
      throw /^oidc-token ended with/.test(error.message) ? this.#impostor() : error;
    });
    try {
      const rows = JSON.parse(answer) as ProfileFacts[];
      if (rows.every(({ profile }) => typeof profile === "string")) return rows;
    } catch {}
    throw this.#impostor();
  }

  /** The profiles that nobody is signed in to; none where the command does not say. */
  async signedOut(): Promise<ReadonlySet<string>> {
    try {
      const rows = JSON.parse(await this.run(["status", "--json"], { seconds: 10 })) as Status[];
      return new Set(rows.filter(({ next }) => next === "sign_in").map(({ profile }) => profile));
    } catch {
      return new Set();
    }
  }

  #impostor(): Error {
    const [file = NAME] = this.#argv ?? [];
    const found = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, file));
    const path = this.#argv ? file : (found.find(existsSync) ?? file);
    return lasting(
      `${path} does not answer as oidc-token does: it is another program, or a broken one. Put oidc-token before it on ` +
        'PATH, or name its file in the "command" option of the plugin',
    );
  }

  /** Begins a call that nobody waits for yet: who asks the same with `share` while it runs gets its answer. */
  start(args: readonly string[], seconds: number): Promise<string> {
    return this.#call(args, seconds).answer;
  }

  /** As `run`, with one process for all who ask the same at the same time; it ends when nobody waits any more. */
  share(args: readonly string[], seconds: number, signal?: AbortSignal | null): Promise<string> {
    signal?.throwIfAborted();
    const call = this.#call(args, seconds);
    call.waiting++;
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(signal?.reason);
        if (--call.waiting === 0 && this.#forget(args, call)) call.stop.abort();
      };
      signal?.addEventListener("abort", leave, { once: true });
      call.answer.then(resolve, reject).finally(() => signal?.removeEventListener("abort", leave));
    });
  }

  #call(args: readonly string[], seconds: number): Call {
    const running = this.#running.get(args.join("\0"));
    if (running) return running;
    const stop = new AbortController();
    const call = { stop, waiting: 0, answer: this.run(args, { seconds, signal: stop.signal }) };
    this.#running.set(args.join("\0"), call);
    const ended = () => this.#forget(args, call);
    call.answer.then(ended, ended);
    return call;
  }

  #forget(args: readonly string[], call: Call): boolean {
    const key = args.join("\0");
    return this.#running.get(key) === call && this.#running.delete(key);
  }
}

/** What is read here of a row of `status --json`. */
interface Status {
  readonly profile: string;
  readonly next: string;
}

function since(begun: number): number {
  return Math.round(performance.now() - begun);
}

function explain(
  error: Error & { code?: unknown; killed?: boolean },
  stderr: string,
  seconds: number,
): Error {
  if (error.killed) return new Temporary(`oidc-token gave no answer within ${seconds} s`);
  if (error.code === "ENOENT") {
    return lasting(
      "oidc-token cannot be started, since there is none on PATH: run `npm install --global oidc-token`, or name its file in " +
        'the "command" option of the plugin',
    );
  }
  if (typeof error.code !== "number") return lasting(`oidc-token cannot be started: ${error.message}`);
  const lines = stderr.split("\n").filter((line) => line.startsWith("oidc-token: "));
  const said = (hint: boolean) => lines.findLast((line) => line.startsWith("oidc-token: hint: ") === hint);
  const what = said(false) ?? `oidc-token ended with exit code ${error.code}`;
  if (error.code === 5) return new Temporary(what);
  const hint = said(true)?.replace("oidc-token: hint: ", "; ") ?? "";
  return lasting(what + hint + (error.code === 3 ? ", or use /connect" : ""));
}
