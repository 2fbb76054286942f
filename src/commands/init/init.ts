import type { ProfileEntry } from "../../config/add-profiles.js";
import { configPath, loadConfig } from "../../config/load.js";
import type { Context } from "../../context.js";
import { isOidcTokenError, OidcTokenError } from "../../errors.js";
import { given } from "../../given.js";
import { commandOn } from "../../profile.js";
import { accessProfile } from "../../session/access.js";
import { keepClientSecret } from "../../session/keep-client-secret.js";
import { isTerminal } from "../../terminal/interactive.js";
import { Questions } from "../../terminal/questions.js";
import { tell } from "../../terminal/tell.js";
import { printable, quote } from "../../text.js";
import { type Prepared, parseAddress, prepareFromAddress } from "./address.js";
import { finish, keepClient } from "./finish.js";
import { findImports } from "./import.js";
import type { Imported } from "./imported.js";
import type { InitOptions } from "./init-options.js";
import { OKTA_VARIABLE_OF } from "./okta-environment.js";
import { openCodeLines, providerId, readOpenCode } from "./opencode.js";
import { checkEntry, givenKeys, optionName, profileFromOptions } from "./profile-options.js";
import { saveProfiles } from "./save.js";
import { askProfile } from "./wizard.js";

/**
 * `init`: writes a profile: from the address of an API or a provider, from options, from the answers of a person, or from
 * what another plugin was told. On a terminal it signs in, too.
 */
export async function init(
  context: Context,
  options: InitOptions,
  [address]: readonly string[] = [],
): Promise<void> {
  const given = [...(address === undefined ? [] : ["the address"]), ...givenKeys(options).map(optionName)];
  if (options.import !== undefined && given.length > 0) {
    throw new OidcTokenError(
      "usage",
      `--import takes everything from the old configuration, so ${given.join(", ")} cannot go with it`,
      "import first, then change the profile in the file `oidc-token config path` names",
    );
  }
  if (options.import !== undefined) {
    const file = options.import === true ? undefined : options.import;
    return await importOld(context, options, file);
  }
  const prepared = await prepare(context, options, address, given.length > 0);
  if ("existing" in prepared) {
    context.stdout.write(`${configPath(context, options)}\n`);
    return await finish(context, options, [prepared.existing]);
  }
  const { name } = prepared.entry;
  const path = await saveProfiles(context, options, [withProvider(context, prepared.entry)]);
  if (prepared.client) await keepClient(context, loadConfig(context, options).profile(name), prepared.client);
  context.stdout.write(`${path}\n`);
  await finish(context, options, [name]);
}

async function prepare(
  context: Context,
  options: InitOptions,
  address: string | undefined,
  has_options: boolean,
): Promise<Prepared> {
  if (address === undefined && has_options) return { entry: profileFromOptions(context, options) };
  if (isTerminal(context)) return await askProfile(context, options, address);
  if (address !== undefined) return await prepareFromAddress(context, options, parseAddress(address));
  throw new OidcTokenError(
    "usage",
    "init asks its questions on a terminal, and there is none here",
    "name the API or its provider: oidc-token init https://…; or say all with options, such as --issuer and --client-id",
  );
}

/** With the provider's id in OpenCode where that is not the profile's name. */
function withProvider(context: Context, entry: ProfileEntry): ProfileEntry {
  const { base_url } = entry.values;
  const id = providerId(
    readOpenCode(context),
    entry.name,
    typeof base_url === "string" ? base_url : undefined,
  );
  return id === undefined ? entry : { ...entry, values: { ...entry.values, provider: id } };
}

async function importOld(context: Context, options: InitOptions, file: string | undefined): Promise<void> {
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
  let refusal: OidcTokenError | undefined;
  for (const imported of found) refusal ??= await keepSecret(context, options, imported);
  const usable = found.map(({ entry }) => entry).filter(({ values }) => values.base_url);
  const ids = usable.map(({ name, values }) => String(values.provider ?? name));
  const name = usable[0]?.name ?? "NAME";
  const setup = commandOn(given({ name, config: options.config }), "setup opencode --write");
  context.stdout.write(`${path}\n`);
  const old_plugins = found.map(({ old_plugin }) => old_plugin);
  for (const line of openCodeLines(setting, old_plugins, ids, setup)) tell(context, line);
  await finish(
    context,
    { ...options, login: false },
    found.map(({ entry }) => entry.name),
  );
  if (refusal) throw refusal;
}

function tellImported(context: Context, { source, entry, notes }: Imported): void {
  tell(context, `from ${source}, profile ${quote(entry.name)}:`);
  for (const [key, value] of Object.entries(entry.values))
    tell(context, `  ${key}: ${printable(String(value))}`);
  for (const note of notes) tell(context, note);
}

/** Seconds the provider has to say whether it takes a secret, which a person waits for. */
const PATIENCE = 10;

/**
 * A secret that stood in the old file plainly: into the store, not into another file. Answers why it was not kept, where the
 * provider does not accept it.
 */
async function keepSecret(
  context: Context,
  options: InitOptions,
  { client_secret, entry, source }: Imported,
): Promise<OidcTokenError | undefined> {
  if (client_secret === undefined) return undefined;
  const written = loadConfig(context, options).profile(entry.name);
  const profile = { ...written, timeout: Math.min(written.timeout, PATIENCE) };
  const access = accessProfile(context, profile, isTerminal(context));
  try {
    const store = await keepClientSecret(context, access, client_secret);
    tell(
      context,
      `the client_secret from ${source} is now in the ${store} store; take it out of the old file`,
    );
  } catch (error) {
    if (!isOidcTokenError(error) || error.about !== "client") throw error;
    const message = `the client_secret from ${source} was not kept: ${error.message}`;
    return new OidcTokenError("refused", message, error.hint);
  }
  return undefined;
}
