import type { Context } from "./context.js";

/** What may stand for a value: words of a fixed set, the names of profiles, files, or anything. */
export type Values = readonly string[] | "profile" | "file" | "folder" | undefined;

/** An option, as commander writes its flags: `-p, --profile <name>`. */
export interface OptionRow {
  readonly flags: string;
  readonly says: string;
  readonly values: Values;
}

/** An argument: `<tool>`, `[url]`, or `<command...>` for all that are left. */
export interface ArgumentRow {
  readonly name: string;
  readonly says: string;
  readonly values?: Values;
}

/**
 * What does the work: given the options, its own and the global ones, and the arguments. A number is the exit code, where
 * that is another program's to choose.
 */
export type Run = (
  context: Context,
  options: never,
  args: readonly string[],
) => void | Promise<void> | Promise<number>;

/** A command, with what help, completions, the man page and the README say of it. */
export interface CommandRow {
  readonly name: string;
  readonly says: string;
  readonly arguments?: readonly ArgumentRow[];
  readonly options?: readonly OptionRow[];
  /** A command line to copy, with what it is for. */
  readonly example?: readonly [line: string, purpose: string];
  /** For programs: not shown to people. */
  readonly is_internal?: boolean;
  readonly commands?: readonly CommandRow[];
  /** Loads the command when it is called. */
  readonly load?: () => Promise<Run>;
}
