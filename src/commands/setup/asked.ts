import { join } from "node:path";
import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { isLoopback } from "../../loopback.js";
import { commandOn, type Profile } from "../../profile.js";
import { printable, quote } from "../../text.js";
import { callsOf, cloneOf, isOnPath, ownProgram } from "./program.js";
import type { Asked, FileEdit, Need, Tool } from "./tool.js";
import { readRaw } from "./write.js";

/** What the command line may say of a tool. */
export interface AskOptions {
  readonly url?: string;
  readonly role?: string;
  readonly audience?: string;
}

/** Stand where nobody has said anything. */
export const PLACEHOLDERS = {
  base_url: "https://gateway.example/v1",
  url: "https://host.example",
  role: "arn:aws:iam::123456789012:role/example",
  audience: "//iam.googleapis.com/locations/global/workforcePools/example/providers/example",
} as const satisfies Record<Need, string>;

/** The options that a tool needs and that were not given. */
export function missingOptions(tool: Tool, options: AskOptions): readonly string[] {
  return tool.needs.flatMap((need) =>
    need === "base_url" || options[need] !== undefined ? [] : [`--${need}`],
  );
}

/** Everything a tool's text is made of. Throws an OidcTokenError of kind `usage` for an address that is none. */
export function askedOf(context: Context, profile: Profile, config: string, options: AskOptions): Asked {
  const { env, platform, paths } = context;
  // Tools that clear the environment leave HOME alone: a file that is found by another variable has to be named.
  const found_by_home = config === usualFile(context);
  const program = ownProgram(context);
  const calls = callsOf(
    program,
    { profile: ["--profile", profile.name], config: found_by_home ? [] : ["--config", config] },
    programsFolder(context),
    platform,
  );
  return {
    ...calls,
    clone: cloneOf(program),
    isOnPath: (name) => isOnPath(name, env, platform),
    profile: profile.name,
    base_url: (profile.base_url ?? PLACEHOLDERS.base_url).replace(/\/$/, ""),
    url: addressOf(options.url ?? PLACEHOLDERS.url),
    role: options.role ?? PLACEHOLDERS.role,
    audience: options.audience ?? PLACEHOLDERS.audience,
    home: paths.home,
    env,
    platform,
  };
}

/** For private programs. Some tools take a path apart at blanks, and macOS has one in the folder for data. */
function programsFolder({ paths }: Pick<Context, "paths">): string {
  const blank = /\s/;
  const without = join(paths.home, ".local", "share", "oidc-token");
  return join(blank.test(paths.data) && !blank.test(without) ? without : paths.data, "setup", "bin");
}

/** Where the configuration is without any variable but HOME. */
function usualFile({ paths, env, platform }: Context): string {
  const folder =
    platform === "linux" && env.XDG_CONFIG_HOME ? join(paths.home, ".config", "oidc-token") : paths.config;
  return join(folder, "config.jsonc");
}

/** A URL, or a host with or without a port, which is then asked over https. */
function addressOf(text: string): URL {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const wrong = (sentence: string): OidcTokenError =>
    new OidcTokenError("usage", sentence, "write --url https://host.example/path");
  // What it is may be a password.
  if (text.includes("@")) throw wrong("--url must not hold a user or a password");
  if (!parsed || parsed.hostname === "") throw wrong(`--url ${quote(text)} is no address`);
  if (parsed.protocol === "https:" || (parsed.protocol === "http:" && isLoopback(parsed))) return parsed;
  throw wrong(`--url ${quote(text)} is not https, and a token goes over plain http to this machine only`);
}

/** Refuses what cannot work, before anybody wonders about a 401. Throws an OidcTokenError of kind `configuration`. */
export function checkServes(tool: Tool, profile: Profile, asked: Asked): void {
  const name = `profile ${quote(profile.name)}`;
  const refused = (sentence: string, hint: string): OidcTokenError =>
    new OidcTokenError("configuration", sentence, hint);
  if (tool.posix_only && asked.platform === "win32")
    throw refused(
      `setup ${tool.name} writes a shell script, which Windows has no use for`,
      "run the tool by `oidc-token exec` there; docs/tools.md says how",
    );
  if (tool.needs.includes("base_url") && profile.base_url === undefined)
    throw refused(
      `${name} has no base_url, and ${tool.name} needs the address of the service`,
      'write "base_url" into the profile, or choose another with --profile',
    );
  const bearer = profile.header.toLowerCase() === "authorization" && profile.header_scheme === "Bearer";
  if (tool.sends === "bearer" && !bearer)
    throw refused(
      `${name} sends its token in the header ${quote(profile.header)}, and ${tool.name} can only send a bearer token`,
      "put `oidc-token serve` between the two, which sets that header",
    );
  if (tool.sends === "id_token" && profile.flow.every((flow) => flow === "static_key"))
    throw refused(
      `${name} has a static key, and ${tool.name} needs an ID token`,
      "choose another with --profile",
    );
  if (tool.sends === "id_token" && !(profile.scope ?? "").split(" ").includes("openid"))
    throw refused(
      `${name} asks for no ID token, and ${tool.name} needs one`,
      `add openid to its "scope", then run: ${commandOn(profile)}`,
    );
  if (tool.needs.includes("role") && !/^[A-Za-z0-9:/_+=,.@-]+$/.test(asked.role))
    throw new OidcTokenError("usage", "--role is no ARN", `write --role ${PLACEHOLDERS.role}`);
}

/** The change that lets the profile's token go to the host, where a tool asks for that host and it is not yet allowed. */
export function originEdit(
  tool: Tool,
  profile: Profile,
  config: string,
  { url }: Asked,
): readonly FileEdit[] {
  if (!tool.asks_for_host) return [];
  const raw = readRaw(config) as { profiles?: Record<string, { allowed_origins?: unknown }> } | undefined;
  const entry = raw?.profiles?.[profile.name];
  // Where it stands in the file, another tool's set-up may have put it there.
  const is_listed = Array.isArray(entry?.allowed_origins) && entry.allowed_origins.includes(url.origin);
  if (profile.allowed_origins.includes(url.origin) && !is_listed) return [];
  if (!entry || profile.diverted_by)
    throw new OidcTokenError(
      "configuration",
      `profile ${quote(profile.name)} does not stand in ${printable(config)} as it is used here, so ${url.origin} cannot be added to its allowed_origins`,
      `add ${url.origin} to "allowed_origins" where the profile comes from, then run this again`,
    );
  const place = ["profiles", profile.name, "allowed_origins"];
  const setting = { place, add: url.origin, among: profile.allowed_origins };
  return [{ path: config, format: "json", settings: [setting] }];
}
