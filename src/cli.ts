import { writeSync } from "node:fs";
import { Command, CommanderError } from "commander";
import kleur from "kleur";
import { parseChoice } from "./arguments.js";
import type { CommandRow, OptionRow } from "./command-row.js";
import { createContext } from "./compose.js";
import type { Context } from "./context.js";
import {
  EXIT_CODES,
  inTwoLines,
  interrupted,
  isOidcTokenError,
  OidcTokenError,
  tooManyFiles,
} from "./errors.js";
import { DEFAULT_LOG_LEVEL, LOG_LEVELS } from "./log.js";
import { COMMANDS, GLOBAL_OPTIONS } from "./program.js";
import { Redactor } from "./redact.js";
import { type Output, type Stdout, straightStdout, watchStdout } from "./stdout.js";
import { endProcess } from "./store/keyring/end-process.js";
import { nativeCallPending } from "./store/keyring/native-call.js";
import { isTerminalAt } from "./terminal/descriptor.js";
import { VERSION_FLAGS, version } from "./version.js";

const interruption = new AbortController();
let exit_code: number = EXIT_CODES.done;

/** Runs one command line, without the program's name, and ends the process with the exit code of DESIGN §2. */
export async function run(argv: readonly string[]): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort());
  // A rejection that nobody waits for comes here as well; the runtime would print its text and stack.
  process.once("uncaughtException", endWith);
  try {
    await program(argv).parseAsync(argv, { from: "user" }).catch(unlessWell);
    await output?.arrived();
    end(exit_code);
  } catch (error) {
    endWith(error);
  }
}

let output: Stdout | undefined;

/** A terminal is written to as the runtime does it, which on Windows takes another call than a file. */
function stdout(): Output {
  output ??= isTerminalAt(1)
    ? { stream: process.stdout, arrived: watchStdout(process.stdout) }
    : straightStdout();
  return output.stream;
}

let errors: NodeJS.WriteStream | undefined;

/** From the first use on: making it takes milliseconds, and many a command has nothing to tell. */
function stderr(): NodeJS.WriteStream {
  // Nobody is left to be told.
  errors ??= process.stderr.on("error", () => {});
  return errors;
}

/** Help and version end as an error too, once commander has written what there is to say. */
function unlessWell(thrown: unknown): void {
  if (!(thrown instanceof CommanderError) || thrown.exitCode !== 0) throw thrown;
}

/** The one place that shows an error: a sentence and a hint on stderr, never a stack trace, never a secret. */
export function endWith(thrown: unknown): void {
  if (thrown instanceof CommanderError) {
    end(EXIT_CODES.usage);
    return;
  }
  const known = isOidcTokenError(thrown) ? thrown : undefined;
  const error =
    interruption.signal.aborted && known?.kind !== "interrupted"
      ? interrupted("nothing was lost; run the command again")
      : (known ?? tooManyFiles(thrown) ?? defect(thrown));
  const redact = (text: string): string => (context?.redactor ?? new Redactor()).sentence(text);
  context?.log.error(error.message, { kind: error.kind });
  tell(inTwoLines({ message: redact(error.message), hint: redact(error.hint) }));
  end(EXIT_CODES[error.kind]);
}

/** Straight to the descriptor: setting up `process.stderr` takes another one, which may be what is missing. */
function tell(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // A full pipe that another process has made non-blocking; or nobody is left to be told.
    stderr().write(text);
  }
}

/** Whatever was not foreseen is ours. Its own text may hold anything, so only its kind and place are told. */
function defect(thrown: unknown): OidcTokenError {
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  const place =
    thrown instanceof Error ? /\(?([^()\s]*:\d+:\d+)\)?/.exec(thrown.stack ?? "")?.[1] : undefined;
  const where = place === undefined ? "" : ` at ${place.slice(place.lastIndexOf("/") + 1)}`;
  return new OidcTokenError(
    "defect",
    `this is a defect of oidc-token ${version}: ${name}${where}`,
    "please report it with this line and what you did",
  );
}

function end(code: number): void {
  // A hung call into the native keyring keeps even process.exit from ending the process.
  if (nativeCallPending()) endProcess(code);
  process.exit(code);
}

let context: Context | undefined;

function contextOf(argv: readonly string[], command: Command): Context {
  const options = command.optsWithGlobals<{ logLevel?: string; color?: boolean }>();
  if (options.color === false || !takesColours(process.env)) kleur.enabled = false;
  const [name, given] =
    options.logLevel !== undefined
      ? ["--log-level", options.logLevel]
      : ["OIDC_TOKEN_LOG", process.env.OIDC_TOKEN_LOG || DEFAULT_LOG_LEVEL];
  context = createContext(argv, parseChoice(name, given, LOG_LEVELS), interruption.signal, {
    stdout,
    stderr,
  });
  return context;
}

/** The build keeps kleur from asking `process.stdout`, which takes milliseconds to make. */
function takesColours({ NO_COLOR, FORCE_COLOR = "0" }: NodeJS.ProcessEnv): boolean {
  return !NO_COLOR && (FORCE_COLOR !== "0" || isTerminalAt(1)) && isTerminalAt(2);
}

/** The tree of program.ts as commander takes it. */
function program(argv: readonly string[]): Command {
  const root = new Command("oidc-token")
    .description("Hands a valid OAuth access token to whatever needs one.")
    .version(version, VERSION_FLAGS.join(", "))
    .configureHelp({ showGlobalOptions: true })
    .helpCommand("help [command]", "display help for command")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout().write(text),
      writeErr: (text) => void stderr().write(text),
      outputError: (text, write) => write(usageError(text, commandIn(root, argv))),
    });
  addOptions(root, GLOBAL_OPTIONS);
  // The others matter only to a command line that does not begin with its command, and to help.
  const asked = COMMANDS.filter(({ name }) => name === argv[0]);
  for (const row of asked.length > 0 ? asked : COMMANDS) addCommand(root, row, argv);
  return root;
}

function addOptions(command: Command, rows: readonly OptionRow[] = []): void {
  for (const { flags, says } of rows) command.option(flags, says);
}

function addCommand(parent: Command, row: CommandRow, argv: readonly string[]): void {
  const command = parent.command(row.name, { hidden: row.is_internal === true });
  command.description(row.says).allowExcessArguments(false);
  for (const { name, says } of row.arguments ?? []) command.argument(name, says);
  addOptions(command, row.options);
  if (row.example) command.addHelpText("after", `\nExample, ${row.example[1]}:\n  $ ${row.example[0]}`);
  for (const each of row.commands ?? []) addCommand(command, each, argv);
  const { load } = row;
  if (!load) return;
  command.action(async () => {
    const context = contextOf(argv, command);
    const work = await load();
    exit_code = (await work(context, command.optsWithGlobals() as never, command.args)) ?? EXIT_CODES.done;
  });
}

/** The sub-command that the arguments name, as a person writes it. */
function commandIn(root: Command, argv: readonly string[]): string {
  let command = root;
  for (const word of argv) command = command.commands.find((each) => each.name() === word) ?? command;
  return [...ancestors(command)].reverse().join(" ");
}

function* ancestors(command: Command): Generator<string> {
  for (let each: Command | null = command; each; each = each.parent) yield each.name();
}

/** Commander's "error: unknown option '--x'" in the two lines that every error has. */
function usageError(text: string, command: string): string {
  const [first = "", ...rest] = text.trim().split("\n");
  const sentence = first
    .replace(/^error: /, "")
    .replace(/\.$/, "")
    .replace(/\. Expected (\d+) arguments? but got (\d+)/, ": it takes $1, and there are $2")
    // What stands behind may be a secret.
    .replace(/^(unknown option '[^=]*)=.*/, "$1'");
  const suggestion = rest
    .join(" ")
    .trim()
    .replace(/^\(|\)$/g, "")
    .toLowerCase();
  const hint = suggestion || `run: ${command} --help`;
  return inTwoLines({ message: new Redactor().sentence(sentence), hint });
}
