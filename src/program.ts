import type { Context } from "./context.js";
import { FORMATS } from "./formats/output.js";
import { LOG_LEVELS } from "./log.js";
import { FLOWS } from "./profile.js";
import { PRESET_NAMES } from "./providers/index.js";

/** What may stand for a value: words of a fixed set, the names of profiles, files, or anything. */
export type Values = readonly string[] | "profile" | "file" | "folder" | undefined;

/** An option, as commander writes its flags: `-p, --profile <name>`. */
export interface OptionRow {
  readonly flags: string;
  readonly says: string;
  readonly values?: Values;
}

/** An argument: `<tool>`, `[url]`, or `<command...>` for all that are left. */
export interface ArgumentRow {
  readonly name: string;
  readonly says: string;
  readonly values?: Values;
}

/** What does the work: given the options, its own and the global ones, and the arguments. */
export type Run = (context: Context, options: never, args: readonly string[]) => void | Promise<void>;

/** A command, with what help, completions, the man page and the README say of it. */
export interface CommandRow {
  readonly name: string;
  readonly says: string;
  readonly arguments?: readonly ArgumentRow[];
  readonly options?: readonly OptionRow[];
  /** A command line to copy, with what it is for. */
  readonly example?: readonly [line: string, purpose: string];
  readonly commands?: readonly CommandRow[];
  /** Loads the command when it is called. */
  readonly load?: () => Promise<Run>;
}

const JSON_OPTION: OptionRow = { flags: "--json", says: "print JSON" };
const SECRET_FORMS = "{keyring}, {file:~/path} or {env:NAME}";

export const GLOBAL_OPTIONS: readonly OptionRow[] = [
  { flags: "-p, --profile <name>", says: "the profile to use", values: "profile" },
  { flags: "--config <file>", says: "the configuration file to use", values: "file" },
  {
    flags: "--log-level <level>",
    says: `how much goes to the log file: ${LOG_LEVELS.join(", ")}`,
    values: LOG_LEVELS,
  },
  { flags: "--no-color", says: "no colours" },
];

/** Every command there is (DESIGN §1). */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: "get",
    says: "print a valid token",
    options: [
      {
        flags: "-f, --format <format>",
        says: `what to print: ${Object.keys(FORMATS).join(", ")} (default: token)`,
        values: Object.keys(FORMATS),
      },
      { flags: "--min-validity <seconds>", says: "how long the token must still be valid (default: 60)" },
      { flags: "--force-refresh", says: "refresh even if the stored token is still valid" },
      {
        flags: "--rejected-sha256 <hex>",
        says: "refresh only if the stored token is the one a server refused",
      },
      {
        flags: "--interactive <when>",
        says: "whether a sign-in may be started: auto, always, never (default: auto)",
        values: ["auto", "always", "never"],
      },
      { flags: "--url <url>", says: "fail unless the profile may send its token to this URL's origin" },
      { flags: "--id-token", says: "print the ID token in place of the access token" },
    ],
    example: ["oidc-token get -f header | curl -H @- https://api.example.com/", "a request with a token"],
    load: async () => (await import("./commands/get.js")).get,
  },
  {
    name: "login",
    says: "sign in, or store a static key",
    options: [
      { flags: "--flow <flow>", says: "the flow to use, out of the profile's own", values: FLOWS },
      { flags: "--no-browser", says: "print the URL in place of opening the browser" },
      { flags: "--timeout <seconds>", says: "how long to wait for the person (default: 300)" },
      { flags: "--json", says: "print one JSON event a line" },
    ],
    example: ["oidc-token login --profile work", "sign in to one of several profiles"],
    load: async () => (await import("./commands/login.js")).login,
  },
  {
    name: "logout",
    says: "revoke at the provider and forget what is stored",
    options: [
      { flags: "--all", says: "every profile" },
      { flags: "--local", says: "only forget; do not tell the provider" },
    ],
    load: async () => (await import("./commands/logout.js")).logout,
  },
  {
    name: "refresh",
    says: "force a refresh",
    load: async () => (await import("./commands/refresh.js")).refresh,
  },
  {
    name: "status",
    says: "show who is signed in, until when, and what `get` would do",
    options: [JSON_OPTION],
    load: async () => (await import("./commands/status.js")).status,
  },
  {
    name: "whoami",
    says: "show whom the stored token is for, offline",
    options: [JSON_OPTION],
    load: async () => (await import("./commands/whoami.js")).whoami,
  },
  {
    name: "profiles",
    says: "list the profiles",
    options: [JSON_OPTION],
    load: async () => (await import("./commands/profiles.js")).profiles,
  },
  {
    name: "models",
    says: "list the models behind the profile's base_url",
    options: [JSON_OPTION],
    load: async () => (await import("./commands/models/models.js")).models,
  },
  {
    name: "init",
    says: "write a profile into the configuration file",
    options: [
      {
        flags: "--preset <name>",
        says: `what is known of the provider: ${PRESET_NAMES.join(", ")}`,
        values: PRESET_NAMES,
      },
      { flags: "--issuer <url>", says: "the provider's issuer URL" },
      { flags: "--client-id <id>", says: "the client's id, as registered at the provider" },
      { flags: "--client-secret <reference>", says: `where its secret is: ${SECRET_FORMS}` },
      {
        flags: "--flow <flows>",
        says: `how a token is got, separated by commas: ${FLOWS.join(", ")}`,
        values: FLOWS,
      },
      { flags: "--scope <scopes>", says: "the scopes asked for, separated by spaces" },
      { flags: "--redirect-uri <url>", says: "where the browser comes back to, exactly as registered" },
      { flags: "--audience <name>", says: "the `audience` parameter, for providers that know it" },
      { flags: "--base-url <url>", says: "the address of the service the token is for" },
      { flags: "--header <name>", says: "the HTTP header that carries the token (default: Authorization)" },
      { flags: "--key <reference>", says: `where a static key is: ${SECRET_FORMS}` },
      {
        flags: "--import [file]",
        says: "take over the configuration of the plugin used before",
        values: "file",
      },
      { flags: "--default", says: "use this profile where none is named" },
      { flags: "--force", says: "replace a profile of the same name" },
    ],
    load: async () => (await import("./commands/init/init.js")).init,
  },
  {
    name: "config",
    says: "look at the configuration",
    commands: [
      {
        name: "path",
        says: "print where the configuration file is",
        load: async () => (await import("./commands/config.js")).showPath,
      },
      {
        name: "show",
        says: "print what is in force, secrets masked",
        load: async () => (await import("./commands/config.js")).show,
      },
      {
        name: "check",
        says: "look for errors",
        load: async () => (await import("./commands/config.js")).check,
      },
      {
        name: "schema",
        says: "print the JSON Schema of the file",
        options: [{ flags: "--path", says: "write it to a file and print the path" }],
        load: async () => (await import("./commands/config.js")).schema,
      },
    ],
  },
];
