import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import type { Environment } from "../../paths.js";
import { programPath } from "../../programs/program-path.js";
import { quote } from "../../text.js";

/** What a terminal sends to all of its foreground at once, the child included. */
const OF_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];
/** What whoever started us sends to us alone. */
const OF_PARENT: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];

/**
 * Runs a program in our place: our terminal, our signals, its exit code; 128 and the signal's number where a signal ended
 * it. Throws `usage` where it can't be started.
 */
export async function runChild(
  context: Pick<Context, "stdin" | "stdout" | "stderr" | "platform">,
  argv: readonly string[],
  env: Environment,
): Promise<number> {
  const [program = "", ...args] = argv;
  const child = spawn(programPath(program, { env, platform: context.platform }), args, {
    stdio: "inherit",
    env: env as NodeJS.ProcessEnv,
  });
  const letGo = passSignals(context, child);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) => reject(notStarted(program, error)));
      child.once("exit", (code, signal) => {
        resolve(code ?? 128 + (signal ? (constants.signals[signal] ?? 0) : 0));
      });
    });
  } finally {
    letGo();
  }
}

/** Outlives every signal, so that what is to be cleared up afterwards is, and hands on what the child has not got itself. */
function passSignals(
  { stdin, stdout, stderr, platform }: Pick<Context, "stdin" | "stdout" | "stderr" | "platform">,
  child: ChildProcess,
): () => void {
  const has_terminal = [stdin, stdout, stderr].some((stream) => stream.isTTY === true);
  const pass = (signal: NodeJS.Signals): void => {
    if (!(has_terminal && OF_TERMINAL.includes(signal))) child.kill(signal);
  };
  const signals = platform === "win32" ? (["SIGINT", "SIGTERM"] as const) : [...OF_TERMINAL, ...OF_PARENT];
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
  };
}

function notStarted(program: string, cause: NodeJS.ErrnoException): OidcTokenError {
  const why =
    { ENOENT: "is not there", EACCES: "may not be run" }[cause.code ?? ""] ??
    `can't be started (${cause.code})`;
  return new OidcTokenError(
    "usage",
    `${quote(program)} ${why}`,
    "write the program and its arguments after --, as in: oidc-token exec -- npm ci",
    { cause },
  );
}
