import { Command, CommanderError } from "commander";
import kleur from "kleur";
import { version } from "../package.json";
import { createContext } from "./compose.js";
import type { Context } from "./context.js";
import { EXIT_CODES, isOidcTokenError, OidcTokenError } from "./errors.js";
import { FORMATS } from "./formats/output.js";
import { DEFAULT_LOG_LEVEL, LOG_LEVELS } from "./log.js";
import { FLOWS } from "./profile.js";
import { PRESET_NAMES } from "./providers/index.js";
import { watchStdout } from "./stdout.js";
import { endProcess } from "./store/keyring/end-process.js";
import { nativeCallPending } from "./store/keyring/native-call.js";

const interruption = new AbortController();

/** Runs one command line, without the program's name, and ends the process with the exit code of DESIGN §2. */
export async function run(argv: readonly string[]): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort());
  // A rejection that nobody waits for comes here as well; the runtime would print its text and stack.
  process.once("uncaughtException", endWith);
  const outputArrived = watchStdout(process.stdout);
  // Nobody is left to be told.
  process.stderr.on("error", () => {});
  try {
    await program(argv).parseAsync(argv, { from: "user" });
    await outputArrived();
    end(EXIT_CODES.done);
  } catch (error) {
    endWith(error);
  }
}

/** The one place that shows an error: a sentence and a hint on stderr, never a stack trace, never a secret. */
export function endWith(thrown: unknown): void {
  if (thrown instanceof CommanderError) {
    // Help and version end this way too, with 0; commander has already written what there is to say.
    end(thrown.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage);
    return;
  }
  const error = interruption.signal.aborted
    ? interrupted()
    : isOidcTokenError(thrown)
      ? thrown
      : defect(thrown);
  const redact = (text: string): string => context?.redactor.apply(text) ?? text;
  context?.log.error(error.message, { kind: error.kind });
  process.stderr.write(`oidc-token: ${redact(error.message)}\noidc-token: hint: ${redact(error.hint)}\n`);
  end(EXIT_CODES[error.kind]);
}

function interrupted(): OidcTokenError {
  return new OidcTokenError("interrupted", "interrupted", "nothing was lost; run the command again");
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
  if (options.color === false || process.env.NO_COLOR || process.stderr.isTTY !== true) kleur.enabled = false;
  const name = options.logLevel ?? (process.env.OIDC_TOKEN_LOG || DEFAULT_LOG_LEVEL);
  const level = LOG_LEVELS.find((known) => known === name);
  if (level === undefined) {
    const hint = `use one of: ${LOG_LEVELS.join(", ")}`;
    throw new OidcTokenError("usage", `there is no log level "${name}"`, hint);
  }
  context = createContext(argv, level, interruption.signal);
  return context;
}

function program(argv: readonly string[]): Command {
  /** Loads a command when it is called, and hands it its context and all options, its own and the global ones. */
  const action =
    <T>(load: () => Promise<(context: Context, options: T) => void | Promise<void>>) =>
    async (...args: unknown[]): Promise<void> => {
      const command = args.at(-1) as Command;
      const context = contextOf(argv, command);
      const work = await load();
      await work(context, command.optsWithGlobals() as T);
    };
  const root = new Command("oidc-token")
    .description("Hands a valid OAuth access token to whatever needs one.")
    .version(version, "-V, --version")
    .option("-p, --profile <name>", "the profile to use")
    .option("--config <file>", "the configuration file to use")
    .option("--log-level <level>", `how much goes to the log file: ${LOG_LEVELS.join(", ")}`)
    .option("--no-color", "no colours")
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(usageError(text)) });

  command(root, "get", "print a valid token")
    .option("-f, --format <format>", `what to print: ${Object.keys(FORMATS).join(", ")} (default: token)`)
    .option("--min-validity <seconds>", "how long the token must still be valid (default: 60)")
    .option("--force-refresh", "refresh even if the stored token is still valid")
    .option("--rejected-sha256 <hex>", "refresh only if the stored token is the one a server refused")
    .option("--interactive <when>", "whether a sign-in may be started: auto, always, never (default: auto)")
    .option("--url <url>", "fail unless the profile may send its token to this URL's origin")
    .option("--id-token", "print the ID token in place of the access token")
    .action(action(async () => (await import("./commands/get.js")).get));

  command(root, "login", "sign in, or store a static key")
    .option("--flow <flow>", "the flow to use, out of the profile's own")
    .option("--no-browser", "print the URL in place of opening the browser")
    .option("--timeout <seconds>", "how long to wait for the person (default: 300)")
    .option("--json", "print one JSON event a line")
    .action(action(async () => (await import("./commands/login.js")).login));

  command(root, "logout", "revoke at the provider and forget what is stored")
    .option("--all", "every profile")
    .option("--local", "only forget; do not tell the provider")
    .action(action(async () => (await import("./commands/logout.js")).logout));

  command(root, "refresh", "force a refresh").action(
    action(async () => (await import("./commands/refresh.js")).refresh),
  );

  command(root, "status", "show who is signed in, until when, and what `get` would do")
    .option("--json", "print JSON")
    .action(action(async () => (await import("./commands/status.js")).status));

  command(root, "profiles", "list the profiles")
    .option("--json", "print JSON")
    .action(action(async () => (await import("./commands/profiles.js")).profiles));

  command(root, "models", "list the models behind the profile's base_url")
    .option("--json", "print JSON")
    .action(action(async () => (await import("./commands/models/models.js")).models));

  command(root, "init", "write a profile into the configuration file")
    .option("--preset <name>", `what is known of the provider: ${PRESET_NAMES.join(", ")}`)
    .option("--issuer <url>", "the provider's issuer URL")
    .option("--client-id <id>", "the client's id, as registered at the provider")
    .option("--client-secret <reference>", "where its secret is: {keyring}, {file:~/path} or {env:NAME}")
    .option("--flow <flows>", `how a token is got, separated by commas: ${FLOWS.join(", ")}`)
    .option("--scope <scopes>", "the scopes asked for, separated by spaces")
    .option("--redirect-uri <url>", "where the browser comes back to, exactly as registered")
    .option("--audience <name>", "the `audience` parameter, for providers that know it")
    .option("--base-url <url>", "the address of the service the token is for")
    .option("--header <name>", "the HTTP header that carries the token (default: Authorization)")
    .option("--key <reference>", "where a static key is: {keyring}, {file:~/path} or {env:NAME}")
    .option("--import [file]", "take over the configuration of the plugin used before")
    .option("--default", "use this profile where none is named")
    .option("--force", "replace a profile of the same name")
    .action(action(async () => (await import("./commands/init/init.js")).init));

  const config = command(root, "config", "look at the configuration");
  command(config, "path", "print where the configuration file is").action(
    action(async () => (await import("./commands/config.js")).showPath),
  );
  command(config, "show", "print what is in force, secrets masked").action(
    action(async () => (await import("./commands/config.js")).show),
  );
  command(config, "check", "look for errors").action(
    action(async () => (await import("./commands/config.js")).check),
  );
  command(config, "schema", "print the JSON Schema of the file")
    .option("--path", "write it to a file and print the path")
    .action(action(async () => (await import("./commands/config.js")).schema));
  return root;
}

function command(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).allowExcessArguments(false);
}

/** Commander's "error: unknown option '--x'" in the two lines that every error has. */
function usageError(text: string): string {
  const [first = "", ...rest] = text.trim().split("\n");
  const sentence = first.replace(/^error: /, "").replace(/\.$/, "");
  const suggestion = rest
    .join(" ")
    .trim()
    .replace(/^\(|\)$/g, "")
    .toLowerCase();
  const hint = suggestion || "run: oidc-token --help";
  return `oidc-token: ${sentence}\noidc-token: hint: ${hint}\n`;
}
