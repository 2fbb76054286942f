import type { CommandRow, OptionRow, Values } from "./command-row.js";
import { TOOL_NAMES } from "./commands/setup/tool-names.js";
import { PROTOCOLS } from "./credential/protocols.js";
import { FORMATS } from "./formats/output.js";
import { LOG_LEVELS } from "./log.js";
import { FLOWS } from "./profile.js";
import { PRESET_NAMES } from "./providers/index.js";

const option = (flags: string, says: string, values?: Values): OptionRow => ({ flags, says, values });

/** Those that `completion` knows. */
const SHELLS = ["bash", "zsh", "fish", "powershell"];

const JSON_OPTION = option("--json", "print JSON");
const SECRET_FORMS = "{keyring}, {file:~/path} or {env:NAME}";

export const GLOBAL_OPTIONS: readonly OptionRow[] = [
  option("-p, --profile <name>", "the profile to use", "profile"),
  option("--config <file>", "the configuration file to use", "file"),
  option("--log-level <level>", `how much goes to the log file: ${LOG_LEVELS.join(", ")}`, LOG_LEVELS),
  option("--no-color", "no colours"),
];

/** Every command there is (DESIGN §1). */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: "get",
    says: "print a valid token",
    options: [
      option(
        "-f, --format <format>",
        `what to print: ${Object.keys(FORMATS).join(", ")} (default: token)`,
        Object.keys(FORMATS),
      ),
      option(
        "--min-validity <duration>",
        "how long the token must still be valid: 90, 90s, 1h (default: 60)",
      ),
      option("--force-refresh", "refresh even if the stored token is still valid"),
      option("--rejected-sha256 <hex>", "refresh only if the stored token is the one a server refused"),
      option(
        "--interactive <when>",
        "whether a sign-in may be started: auto, always, never (default: auto)",
        ["auto", "always", "never"],
      ),
      option("--url <url>", "fail unless the profile may send its token to this URL's origin"),
      option("--id-token", "print the ID token in place of the access token"),
      option(
        "--fresh-on-repeat",
        "refresh once where the same caller asks again within 60 s, as tools do after a refusal",
      ),
    ],
    example: ["oidc-token get -f header | curl -H @- https://api.example.com/", "a request with a token"],
    load: async () => (await import("./commands/get.js")).get,
  },
  {
    name: "login",
    says: "sign in, or store a static key",
    options: [
      option("--flow <flow>", "the flow to use, out of the profile's own", FLOWS),
      option("--no-browser", "print the URL in place of opening the browser"),
      option("--timeout <duration>", "how long to wait for the person: 90, 90s, 5m (default: 300)"),
      option("--new-secret", "ask for the client's secret although one is kept"),
      option("--json", "print one JSON event a line"),
    ],
    example: ["oidc-token login --profile work", "sign in to one of several profiles"],
    load: async () => (await import("./commands/login.js")).login,
  },
  {
    name: "logout",
    says: "revoke at the provider and forget what is stored",
    options: [
      option("--all", "every profile, and everything else that is stored"),
      option("--local", "only forget; do not tell the provider"),
      option("--forget-secret", "forget the client's secret or the static key, too"),
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
    name: "doctor",
    says: "check everything between here and a token, live",
    options: [JSON_OPTION],
    example: ["oidc-token doctor --profile work", "what is wrong with one profile, and how to mend it"],
    load: async () => (await import("./commands/doctor/doctor.js")).doctor,
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
    name: "exec",
    says: "run a program with a token in its environment",
    arguments: [{ name: "<command...>", says: "the program and its arguments, after --", values: "file" }],
    options: [
      option("--env <names...>", "the variables that get the token (default: OIDC_TOKEN)"),
      option("--id-token", "the ID token in place of the access token"),
      option("--id-token-file-env <names...>", "variables that name a file with an ID token, kept fresh"),
      option("--serve", "in place of a token, the address and key of a server as `serve` starts one"),
      option(
        "--min-validity <duration>",
        "how long the token must still be valid: 90, 90s, 1h (default: 60)",
      ),
    ],
    example: ["oidc-token exec --env NPM_TOKEN -- npm ci", "for npm"],
    load: async () => (await import("./commands/exec/exec.js")).exec,
  },
  {
    name: "serve",
    says: "serve the profile's base_url on this machine, with a valid token in each request",
    options: [option("--port <number>", "the port to listen on (default: a free one)"), JSON_OPTION],
    example: ["oidc-token serve --port 8080", "for programs that take an address and a key only"],
    load: async () => (await import("./commands/serve.js")).serve,
  },
  {
    name: "credential",
    says: "answer another tool in its own protocol",
    arguments: [
      { name: "<tool>", says: Object.keys(PROTOCOLS).join(", "), values: Object.keys(PROTOCOLS) },
      { name: "[words...]", says: "what the tool says on the command line", values: undefined },
    ],
    options: [
      option("--mode <mode>", "of keyring: password, or creds for a user as well", ["password", "creds"]),
    ],
    example: ["git config --global credential.https://git.example.com.helper oidc-token", "for git"],
    load: async () => (await import("./commands/credential/credential.js")).credential,
  },
  {
    name: "init",
    says: "write a profile into the configuration file, and sign in",
    arguments: [{ name: "[url]", says: "the API or its provider: all else is discovered from there" }],
    options: [
      option("--preset <name>", `what is known of the provider: ${PRESET_NAMES.join(", ")}`, PRESET_NAMES),
      option("--issuer <url>", "the provider's issuer URL"),
      option("--client-id <id>", "the client's id, as registered at the provider"),
      option("--client-secret <reference>", `where its secret is: ${SECRET_FORMS}`),
      option("--flow <flows>", `how a token is got, separated by commas: ${FLOWS.join(", ")}`, FLOWS),
      option("--scope <scopes>", "the scopes asked for, separated by spaces"),
      option("--redirect-uri <url>", "where the browser comes back to, exactly as registered"),
      option("--audience <name>", "the `audience` parameter, for providers that know it"),
      option("--base-url <url>", "the address of the service the token is for"),
      option("--header <name>", "the HTTP header that carries the token (default: Authorization)"),
      option("--key <reference>", `where a static key is: ${SECRET_FORMS}`),
      option("--import [file]", "take over the configuration of the plugin used before", "file"),
      option("--resource <uri>", "the resource the token is for (RFC 8707)"),
      option("--ca-file <file>", "CA certificates to trust as well, in PEM", "file"),
      option("--default", "use this profile where none is named"),
      option("--no-login", "do not sign in, only write"),
      option("--force", "replace a profile of the same name"),
    ],
    example: ["oidc-token init https://api.example.com/v1", "from the address of an API to a token"],
    load: async () => (await import("./commands/init/init.js")).init,
  },
  {
    name: "trust",
    says: "let a project's own file define profiles",
    arguments: [
      { name: "[folder]", says: "the project's folder (default: this one, or above)", values: "folder" },
    ],
    options: [
      option("--list", "list the files that are trusted"),
      option("--revoke", "trust the project's file no longer"),
    ],
    load: async () => (await import("./commands/trust.js")).trust,
  },
  {
    name: "setup",
    says: "make another tool use this program: print what goes where, or write it",
    arguments: [{ name: "<tool>", says: TOOL_NAMES.join(", "), values: TOOL_NAMES }],
    options: [
      option("--url <url>", "the address or the host of the tool's server"),
      option("--role <arn>", "for aws: the role to assume"),
      option("--audience <name>", "for google: the full name of the identity provider there"),
      option("--write", "show the change, ask, and make it"),
      option("--undo", "take back what was written"),
      option("--yes", "do not ask"),
    ],
    example: ["oidc-token setup git --url https://git.example --write", "git signs in by this program"],
    load: async () => (await import("./commands/setup/setup.js")).setup,
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
        options: [option("--path", "write it to a file and print the path")],
        load: async () => (await import("./commands/config.js")).schema,
      },
    ],
  },
  {
    name: "completion",
    says: "print a script that completes this command in a shell",
    arguments: [{ name: "<shell>", says: SHELLS.join(", "), values: SHELLS }],
    example: ['eval "$(oidc-token completion bash)"', "in ~/.bashrc"],
    load: async () => (await import("./commands/completion/completion.js")).completion,
  },
  {
    name: "complete",
    says: "list what may come next on a command line; for the scripts of `completion`",
    is_internal: true,
    arguments: [
      { name: "[words...]", says: "the words after the program's name, up to the cursor", values: undefined },
    ],
    options: [option("--next", "a word after these is to begin")],
    load: async () => {
      const { complete } = await import("./commands/completion/complete.js");
      return (context, options, words) => complete(context, options, words, COMMANDS, GLOBAL_OPTIONS);
    },
  },
];
