import kleur from "kleur";
import type { JsonOptions } from "../arguments.js";
import { openConfig } from "../config/kept/open.js";
import type { Context } from "../context.js";
import type { OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import type { Environment } from "../paths.js";
import { type Profile, REFERENCE_KEYS, REFERENCES, secretsOf, variableOf } from "../profile.js";
import { eachProfile } from "../session/each-profile.js";
import { table } from "../terminal/table.js";
import { tell } from "../terminal/tell.js";
import { jsonLine } from "../text.js";

/** One row of `profiles --json` (DESIGN §1): what a plugin needs to know, and no secret. */
export interface ProfileFacts {
  readonly profile: string;
  readonly provider: string;
  readonly flow: string;
  readonly base_url?: string;
  readonly allowed_origins: readonly string[];
  readonly header: string;
  readonly header_scheme: string;
  readonly default: boolean;
  /** Remote MCP servers at its `allowed_origins` get its token, too. */
  readonly mcp: boolean;
  /** The store's folder and the files this profile's secrets are in, for callers that keep an agent from them. */
  readonly secret_files: readonly string[];
  /** Why this profile cannot be used, and what to do; what depends on its keys is then empty. */
  readonly error?: string;
  readonly hint?: string;
  /** The variables this profile's secrets are in, for callers that start the shells of an agent; none where it may have them. */
  readonly secret_variables: readonly string[];
}

/** `profiles`: the profiles there are. */
export async function profiles(context: Context, options: JsonOptions): Promise<void> {
  const config = await openConfig(context, options);
  const answers = await eachProfile(config, config.names, async (profile) =>
    factsOf(context, profile, config.path),
  );
  const rows = answers.map((each) =>
    "answer" in each
      ? each.answer
      : unusable(context, each.name, each.error, each.name === config.selected, config.path),
  );
  if (rows.length === 0) tell(context, "no profile yet; run: oidc-token init");
  context.stdout.write(options.json ? jsonLine(rows) : `${asTable(rows)}\n`);
}

function factsOf({ paths, env }: Context, profile: Profile, configuration: string): ProfileFacts {
  const secret_files = secretsOf(profile).flatMap(([, reference]) =>
    reference.from === "file"
      ? [reference.path]
      : reference.from === "plain"
        ? [profile.project ?? configuration]
        : [],
  );
  return {
    profile: profile.name,
    provider: profile.provider,
    flow: profile.flow.join(" "),
    ...given({ base_url: profile.base_url }),
    allowed_origins: profile.allowed_origins,
    header: profile.header,
    header_scheme: profile.header_scheme,
    default: profile.is_default,
    mcp: profile.mcp,
    secret_files: [paths.data, ...secret_files],
    secret_variables: profile.agent === "allow" ? [] : secretVariables(profile, env),
  };
}

/** Its file may hold a secret, which nobody can tell. */
function unusable(
  { paths, redactor }: Context,
  name: string,
  { message, hint }: OidcTokenError,
  is_selected: boolean,
  configuration: string,
): ProfileFacts {
  return {
    profile: name,
    provider: name,
    flow: "",
    allowed_origins: [],
    header: "",
    header_scheme: "",
    default: is_selected,
    mcp: false,
    secret_files: [paths.data, configuration],
    secret_variables: [],
    error: redactor.sentence(message),
    hint: redactor.sentence(hint),
  };
}

function secretVariables(profile: Profile, env: Environment): string[] {
  const referred = secretsOf(profile).flatMap(([, reference]) => {
    if (reference.from === "env") return [reference.name];
    return reference.from === "github_actions" ? ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] : [];
  });
  const own = REFERENCE_KEYS.filter((key) => REFERENCES[key].is_secret)
    .map(variableOf)
    // A reference is no secret, and the shell's own `oidc-token status` needs it.
    .filter((name) => env[name] && !env[name].trim().startsWith("{"));
  return [...new Set([...referred, ...own])];
}

function asTable(rows: readonly ProfileFacts[]): string {
  const head = ["PROFILE", "FLOW", "BASE URL", "HEADER"].map((title) => kleur.bold(title));
  const cells = rows.map((row) => [
    row.default ? `${row.profile} (default)` : row.profile,
    row.flow || "-",
    row.error === undefined ? (row.base_url ?? "-") : kleur.red(row.error),
    row.header_scheme === "" ? row.header : `${row.header}: ${row.header_scheme}`,
  ]);
  return table([head, ...cells]);
}
