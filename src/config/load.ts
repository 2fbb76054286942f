import { dirname, isAbsolute, join, resolve } from "node:path";
import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { completeProfile, type ProfileLayer } from "./complete.js";
import { ownVariable, profileFromEnvironment, storeFromEnvironment, variableOf } from "./environment.js";
import type { KeyPath } from "./issue.js";
import { PROFILE_NAME, type Profile, type SecretReference, type StoreChoice } from "./profile.js";
import { findProjectFile } from "./project-file.js";
import { nearest, quote, quoteAll } from "./quote.js";
import { type Document, readDocument, validateDocument } from "./read.js";
import {
  endpointEntries,
  fileEntries,
  fileSchema,
  PROFILE_KEYS,
  type ProfileKey,
  type ProfileValues,
} from "./schema.js";
import { parseSecretReference } from "./secret-reference.js";

export { unknownVariables } from "./environment.js";

export type Surroundings = Pick<Context, "env" | "cwd"> & {
  readonly paths: Pick<Context["paths"], "config" | "home">;
};

/** What the command line says of the configuration. */
export interface ConfigChoice {
  readonly profile?: string | undefined;
  readonly config?: string | undefined;
}

export interface LoadedConfig {
  /** The user's configuration file, there or not. */
  readonly path: string;
  readonly is_present: boolean;
  /** Every file whose content, appearance or disappearance may change the answer. */
  readonly files: readonly string[];
  readonly store: StoreChoice;
  /** The profiles there are, in the order of the file. */
  readonly names: readonly string[];
  /** The profile used where the command line names none; undefined where that is open. */
  readonly default_name: string | undefined;
  /** One profile, complete; without a name the selected one. Throws an OidcTokenError of kind `configuration`. */
  profile(name?: string): Profile;
}

/** The path of the user's configuration file, there or not. Throws an OidcTokenError of kind `usage` for an empty option. */
export function configPath(surroundings: Surroundings, choice: Pick<ConfigChoice, "config"> = {}): string {
  return chosenFile(surroundings, choice).path;
}

/**
 * Reads the configuration from all its sources (DESIGN §3): command line, environment, project file, user file,
 * defaults. Throws an OidcTokenError: `configuration`, or `usage` for an empty option.
 */
export function loadConfig(surroundings: Surroundings, choice: ConfigChoice = {}): LoadedConfig {
  const { env, cwd, paths } = surroundings;
  const { path, named_by } = chosenFile(surroundings, choice);
  const document = readDocument(path);
  if (!document && named_by) {
    throw new OidcTokenError(
      "configuration",
      `${path}, named by ${named_by}, does not exist`,
      `correct ${named_by}`,
    );
  }
  const values = document ? validateDocument(fileSchema, document, nameOf, knownAt) : {};
  const project = findProjectFile(cwd, paths.home);

  const in_file = Object.keys(values.profiles ?? {});
  const from_environment = profileFromEnvironment(env);
  const environment_only = in_file.length === 0 && Object.keys(from_environment).length > 0;
  const named = nameChosen(env, choice);
  const selected_by_project = project.file?.default_profile;
  const default_name =
    ownVariable(env, "PROFILE") ??
    selected_by_project ??
    values.default_profile ??
    (environment_only ? "default" : in_file.length === 1 ? in_file[0] : undefined);
  const selected = choice.profile ?? default_name;
  const names = environment_only && selected !== undefined ? [selected] : in_file;
  const store = storeFromEnvironment(env) ?? values.store ?? "auto";

  const missing = (name: string): OidcTokenError => {
    if (!document) return noConfiguration(path);
    const meant = nearest(name, names);
    const there = names.length > 0 ? `the profiles are ${quoteAll(names)}` : `${path} defines no profile`;
    const hint = meant === undefined ? there : `did you mean ${quote(meant)}?`;
    if (name === selected_by_project && named === undefined) {
      return fail(`${project.file?.at}: selects profile ${quote(name)}, which ${path} does not define`, hint);
    }
    if (name === values.default_profile && named === undefined) {
      return fail(
        `${document.at(["default_profile"])}: "default_profile" names ${quote(name)}, which is not defined`,
        hint,
      );
    }
    const by = named?.name === name ? `, named by ${named.by},` : "";
    return fail(`profile ${quote(name)}${by} is not defined in ${path}`, hint);
  };

  return {
    path,
    is_present: document !== undefined,
    files: [path, ...project.looked_at],
    store,
    names,
    default_name,
    profile(name = selected) {
      if (name === undefined) throw noneSelected(path, document, names);
      if (!names.includes(name)) throw missing(name);
      if (!PROFILE_NAME.test(name)) throw badName(name, named?.by);
      const in_file_values = values.profiles?.[name];
      // Command line, environment, file: a preset is one more layer behind these.
      const layers: ProfileLayer[] = [];
      if (name === selected) layers.push(layerFromEnvironment(from_environment, surroundings, path));
      if (in_file_values) layers.push(layerFromFile(in_file_values, surroundings, path));
      const at = in_file_values && document?.at(["profiles", name], "key");
      return completeProfile({ name, store, is_default: name === default_name, at }, layers);
    },
  };
}

function chosenFile(
  { env, cwd, paths }: Surroundings,
  choice: ConfigChoice,
): { path: string; named_by?: string } {
  if (choice.config !== undefined) {
    if (choice.config === "") throw new OidcTokenError("usage", "--config needs a file", "name one after it");
    return { path: resolve(cwd, expandHome(choice.config, paths.home)), named_by: "--config" };
  }
  const variable = ownVariable(env, "CONFIG");
  if (variable !== undefined) {
    return { path: resolve(cwd, expandHome(variable, paths.home)), named_by: "OIDC_TOKEN_CONFIG" };
  }
  return { path: join(paths.config, "config.jsonc") };
}

function nameChosen(
  env: Surroundings["env"],
  choice: ConfigChoice,
): { name: string; by: string } | undefined {
  if (choice.profile !== undefined) {
    if (choice.profile === "")
      throw new OidcTokenError("usage", "--profile needs a name", "name a profile after it");
    return { name: choice.profile, by: "--profile" };
  }
  const variable = ownVariable(env, "PROFILE");
  return variable === undefined ? undefined : { name: variable, by: "OIDC_TOKEN_PROFILE" };
}

function layerFromFile(values: ProfileValues, surroundings: Surroundings, path: string): ProfileLayer {
  return withSecrets(values, (text) => absolute(parsed(text), surroundings, path));
}

/** A plain secret stays in the environment: nothing that is shown or written may come upon it. */
function layerFromEnvironment(values: ProfileValues, surroundings: Surroundings, path: string): ProfileLayer {
  return withSecrets(values, (text, key) => {
    const reference = parsed(text);
    return reference.from === "plain"
      ? { from: "env", name: variableOf(key) }
      : absolute(reference, surroundings, path);
  });
}

function withSecrets(
  { client_secret, key, ...rest }: ProfileValues,
  read: (text: string, key: ProfileKey) => SecretReference,
): ProfileLayer {
  return {
    ...rest,
    ...(client_secret !== undefined && { client_secret: read(client_secret, "client_secret") }),
    ...(key !== undefined && { key: read(key, "key") }),
  };
}

/** The schema has refused what does not parse. */
function parsed(text: string): SecretReference {
  return parseSecretReference(text) as SecretReference;
}

/** A relative file is one beside the configuration file, whatever the current folder. */
function absolute(reference: SecretReference, { paths }: Surroundings, config: string): SecretReference {
  if (reference.from !== "file") return reference;
  const path = expandHome(reference.path, paths.home);
  return { from: "file", path: isAbsolute(path) ? path : join(dirname(config), path) };
}

function expandHome(path: string, home: string): string {
  return /^~(?=$|[/\\])/.test(path) ? join(home, path.slice(1)) : path;
}

function noConfiguration(path: string): OidcTokenError {
  return fail(
    `there is no configuration yet: ${path} does not exist`,
    "write it (`oidc-token config schema` describes it), or set OIDC_TOKEN_ISSUER and OIDC_TOKEN_CLIENT_ID",
  );
}

function noneSelected(
  path: string,
  document: Document | undefined,
  names: readonly string[],
): OidcTokenError {
  if (!document) return noConfiguration(path);
  if (names.length === 0) {
    return fail(
      `${path} defines no profile`,
      'add one under "profiles"; `oidc-token config schema` describes it',
    );
  }
  return fail(
    `${path} defines ${names.length} profiles and none is selected`,
    `name one with --profile, OIDC_TOKEN_PROFILE or "default_profile": ${quoteAll(names)}`,
  );
}

function badName(name: string, by: string | undefined): OidcTokenError {
  return fail(
    `${quote(name)} cannot be the name of a profile${by === undefined ? "" : ` (${by})`}`,
    "start with a letter or digit and go on with letters, digits, dots, underscores or hyphens, at most 64 in all",
  );
}

function fail(sentence: string, hint: string): OidcTokenError {
  return new OidcTokenError("configuration", sentence, hint);
}

/** What a path in the user's file is called in a sentence. */
function nameOf(path: KeyPath): string {
  const [top, profile, ...rest] = path;
  if (top === undefined) return "the configuration";
  if (top !== "profiles" || profile === undefined) return quote(String(top));
  const place = `profile ${quote(String(profile))}`;
  if (rest.length === 0) return place;
  const key = rest.reduce<string>(
    (name, part) => (typeof part === "number" ? `${name}[${part}]` : name === "" ? part : `${name}.${part}`),
    "",
  );
  return `${quote(key)} in ${place}`;
}

/** The keys there may be at a path of the user's file. */
function knownAt(path: KeyPath): readonly string[] {
  if (path.length === 0) return Object.keys(fileEntries);
  return path.length === 2 ? PROFILE_KEYS : Object.keys(endpointEntries);
}
