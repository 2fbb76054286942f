import { spawn } from "node:child_process";
import type { Runtime } from "../runtimes.js";
import type { World } from "./world.js";

/** What takes its turn in a round. Ours or what a person would use instead. */
export interface Contender {
  readonly name: string;
  /** Does it once, or several times, and answers the milliseconds each took, or what else its group counts. */
  readonly run: () => Promise<number | readonly number[]>;
  /** The quantile that is told: the median unless told. */
  readonly share?: number;
}

/** Contenders that are held against each other: one table. */
export interface Group {
  readonly title: string;
  /** What a reader must know to read the table, in a sentence or two. */
  readonly says?: string;
  /** What `run` answers: milliseconds unless told. */
  readonly unit?: string;
  readonly contenders: readonly Contender[];
  /** The ratios that count, each of the medians of one run. */
  readonly ratios: readonly Ratio[];
  /** What could not be tried here, and why. */
  readonly left_out?: readonly string[];
}

export interface Ratio {
  readonly of: string;
  /** The names of the contenders whose medians are added up. */
  readonly to: readonly string[];
  /** What is aimed at; none where the ratio is only told. */
  readonly at_most?: number;
  /** Milliseconds by which it may be slower than `to`, in the place of a ratio. */
  readonly at_most_over?: number;
}

/**
 * What a file of `rows/` exports as `default`: gets its contenders ready. What it starts it hands to `world.later`.
 * Every file there is found by itself, in the order of names.
 */
export type Row = (world: World) => Promise<readonly Group[]>;

export interface CommandOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** On stdin. */
  readonly input?: string;
  /** Done before the clock starts. */
  readonly before?: () => void | Promise<void>;
  /** How many of it are started together; the time ends with the last. */
  readonly at_once?: number;
  /** Milliseconds. */
  readonly limit?: number;
}

/** A program run to its end. A run that fails ends the bench, with what the program said. */
export function command(name: string, argv: readonly string[], options: CommandOptions): Contender {
  return {
    name,
    run: async () => {
      await options.before?.();
      const started = performance.now();
      await Promise.all(Array.from({ length: options.at_once ?? 1 }, () => once(name, argv, options)));
      return performance.now() - started;
    },
  };
}

/** A runtime that does nothing: the floor of what runs on it. */
export function bare(runtime: Runtime, env: Readonly<Record<string, string>>): Contender {
  return command(`${runtime.name}, bare`, [runtime.path, "-e", "0"], { env });
}

function once(name: string, argv: readonly string[], options: CommandOptions): Promise<void> {
  const { env, input, limit = 60_000 } = options;
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env,
      cwd: options.cwd ?? env.HOME,
      stdio: [input === undefined ? "ignore" : "pipe", "ignore", "pipe"],
      timeout: limit,
      killSignal: "SIGKILL",
    });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${name} ended with ${code ?? signal}: ${said}`));
    });
  });
}
