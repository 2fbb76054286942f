import { existsSync } from "node:fs";
import type { ProfileEntry } from "../../config/add-profiles.js";
import { loadConfig } from "../../config/load.js";
import { exposedSecrets } from "../../config/secrets.js";
import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { type Profile, secretsOf } from "../../profile.js";
import { accessProfile } from "../../session/access.js";
import { isTerminal } from "../../terminal/interactive.js";
import { Questions } from "../../terminal/questions.js";
import { tell } from "../../terminal/tell.js";
import { printable, quote } from "../../text.js";
import { unattendedFlow } from "../../token/choose-flow.js";
import { findImports } from "./import.js";
import type { Imported } from "./imported.js";
import { OKTA_VARIABLE_OF } from "./okta-environment.js";
import { openCodeLines, providerId, readOpenCode } from "./opencode.js";
import {
  checkEntry,
  givenKeys,
  optionName,
  type ProfileOptions,
  profileFromOptions,
} from "./profile-options.js";
import { type SaveOptions, saveProfiles } from "./save.js";
import { askProfile } from "./wizard.js";

export interface InitOptions extends ProfileOptions, SaveOptions {
  /** True without a file: then the usual places are searched. */
  readonly import?: true | string;
}

/** `init`: writes a profile, from options, from the answers of a person, or from what another plugin was told. */
export async function init(context: Context, options: InitOptions): Promise<void> {
  const given = givenKeys(options);
  if (options.import !== undefined && given.length > 0) {
    throw new OidcTokenError(
      "usage",
      `--import takes everything from the old configuration, so ${given.map(optionName).join(", ")} cannot go with it`,
      "import first, then change the profile in the file `oidc-token config path` names",
    );
  }
  const path =
    options.import !== undefined
      ? await importOld(context, options, options.import === true ? undefined : options.import)
      : await writeOne(
          context,
          options,
          given.length > 0 ? profileFromOptions(context, options) : await ask(context, options),
        );
  context.stdout.write(`${path}\n`);
}

async function ask(context: Context, options: InitOptions): Promise<ProfileEntry> {
  if (isTerminal(context)) return await askProfile(context, options);
  throw new OidcTokenError(
    "usage",
    "init asks its questions on a terminal, and there is none here",
    "say it with options, for example: oidc-token init --preset okta --issuer https://… --client-id …",
  );
}

async function writeOne(context: Context, options: InitOptions, entry: ProfileEntry): Promise<string> {
  const { base_url } = entry.values;
  const id = providerId(
    readOpenCode(context),
    entry.name,
    typeof base_url === "string" ? base_url : undefined,
  );
  const whole = id === undefined ? entry : { ...entry, values: { ...entry.values, provider: id } };
  const path = await saveProfiles(context, options, [whole]);
  tellNext(context, options, [entry.name]);
  return path;
}

async function importOld(context: Context, options: InitOptions, file: string | undefined): Promise<string> {
  const setting = readOpenCode(context);
  const found = findImports(context, options, file, setting);
  const call = (key: string) => OKTA_VARIABLE_OF[key] ?? quote(key);
  for (const { entry } of found) checkEntry(context, entry, { kind: "configuration", call });
  for (const imported of found) tellImported(context, imported);
  if (isTerminal(context) && found.some(({ from_project }) => from_project)) {
    await (await Questions.on(context)).goOn("This stands in the current folder. Take it over?");
  }
  const path = await saveProfiles(
    context,
    options,
    found.map(({ entry }) => entry),
  );
  for (const imported of found) await keepSecret(context, options, imported);
  const ids = found.flatMap(({ entry: { name, values } }) =>
    values.base_url ? [values.provider ?? name] : [],
  );
  const old_plugins = found.map(({ old_plugin }) => old_plugin);
  for (const line of openCodeLines(setting, old_plugins, ids.map(String))) tell(context, line);
  tellNext(
    context,
    options,
    found.map(({ entry }) => entry.name),
  );
  return path;
}

function tellImported(context: Context, { source, entry, notes }: Imported): void {
  tell(context, `from ${source}, profile ${quote(entry.name)}:`);
  for (const [key, value] of Object.entries(entry.values))
    tell(context, `  ${key}: ${printable(String(value))}`);
  for (const note of notes) tell(context, note);
}

/** A secret that stood in the old file plainly: into the store, not into another file. */
async function keepSecret(
  context: Context,
  options: InitOptions,
  { client_secret, entry, source }: Imported,
): Promise<void> {
  if (client_secret === undefined) return;
  const profile = loadConfig(context, options).profile(entry.name);
  const access = accessProfile(context, profile, {
    interactive: isTerminal(context),
    notice: (sentence) => tell(context, sentence),
  });
  const store = await access.keepSecret("client_secret", client_secret);
  tell(context, `the client_secret from ${source} is now in the ${store} store; take it out of the old file`);
}

/** What to run next for each profile. */
function tellNext(context: Context, options: InitOptions, names: readonly string[]): void {
  const config = loadConfig(context, options);
  const file = options.config === undefined ? "" : ` --config ${printable(options.config)}`;
  for (const name of names) {
    tellSecretFiles(context, config.profile(name), config.path);
    tell(context, `next: oidc-token ${nextCommand(config.profile(name))} --profile ${name}${file}`);
  }
}

/** A file with a secret that is not there yet, or that others may read. */
function tellSecretFiles(context: Context, profile: Profile, path: string): void {
  for (const [, reference] of secretsOf(profile)) {
    if (reference.from !== "file" || existsSync(reference.path)) continue;
    tell(context, `${printable(reference.path)} does not exist yet: put the secret in it, alone on one line`);
  }
  for (const exposed of exposedSecrets(profile, path, context.platform)) tell(context, exposed);
}

function nextCommand({ flow, key, client_secret }: Profile): "login" | "get" {
  if (flow[0] === "static_key") return key?.from === "keyring" ? "login" : "get";
  return unattendedFlow(flow) === flow[0] && client_secret?.from !== "keyring" ? "get" : "login";
}
