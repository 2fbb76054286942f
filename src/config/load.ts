import { dirname, join, resolve } from "node:path";
import type { Context } from "../context.js";
import { attempt, OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import { nearest } from "../nearest.js";
import { expandHome } from "../paths.js";
import { PROFILE_NAME, type Profile, type StoreChoice } from "../profile.js";
import { sha256 } from "../sha256.js";
import { printable, quote, quoteAll } from "../text.js";
import { completeProfile, type ProfileFrame } from "./complete.js";
import { checkDiversion, divertingVariables, haveOtherDestinations } from "./diversion.js";
import { ownVariable, storeFromEnvironment } from "./environment.js";
import { type Report, tolerate } from "./finding.js";
import { layerFromEnvironment, layerFromFile } from "./layers.js";
import { findProjectFile, type ProjectSearch, type Trust } from "./project-file.js";
import { checkProjectProfile, variablesOf } from "./project-profile.js";
import { definedProfiles, environmentFor } from "./sources.js";
import { readTrustList, trustFile } from "./trust.js";
import { readUserFile } from "./user-file.js";

export { nearestVariable, unknownVariables } from "./environment.js";

export type Surroundings = Pick<Context, "env" | "cwd"> & {
  /** Without `data`, where it is kept which project files are trusted, none is looked for. */
  readonly paths: Pick<Context["paths"], "config" | "home"> & Partial<Pick<Context["paths"], "data">>;
  /** What is taken for trusted, in place of that list. */
  readonly trust?: Trust;
  /** Where it is said that a file was not read. */
  readonly stderr?: Pick<Context["stderr"], "write">;
};

/** What the command line says of the configuration. */
export interface ConfigChoice {
  readonly profile?: string | undefined;
  readonly config?: string | undefined;
}

export interface LoadedConfig {
  /** The user's configuration file, there or not. */
  readonly path: string;
  /** Every file whose content, appearance or disappearance may change the answer. */
  readonly files: readonly string[];
  readonly store: StoreChoice;
  /** The profiles there are, in the order of the file. */
  readonly names: readonly string[];
  /** The profile used where none is named, there or not. */
  readonly selected?: string;
  /** `file:line:column` of a key of a profile, or of the profile; undefined where it does not stand in the file. */
  at(name: string, key?: string): string | undefined;
  /** One profile, complete; without a name the selected one. Throws an OidcTokenError of kind `configuration`. */
  profile(name?: string): Profile;
}

/** The path of the user's configuration file, there or not. Throws an OidcTokenError of kind `usage` for an empty option. */
export function configPath(surroundings: Surroundings, choice: Pick<ConfigChoice, "config"> = {}): string {
  return chosenFile(surroundings, choice).path;
}

/**
 * Reads the configuration from all its sources (DESIGN §3): command line, environment, project file, user file,
 * defaults. Throws an OidcTokenError: `configuration`, or `usage` for an empty option. With `report` what is wrong is
 * told there and left out, as far as the rest can do without it.
 */
export function loadConfig(
  surroundings: Surroundings,
  choice: ConfigChoice = {},
  report?: Report,
): LoadedConfig {
  const { env, cwd, paths } = surroundings;
  const { path, named_by } = chosenFile(surroundings, choice);
  const user = readUserFile(path, report);
  if (!user && named_by !== undefined) {
    throw fail(
      `${printable(path)}, named by ${named_by}, does not exist`,
      `correct ${named_by}, or write the file`,
    );
  }
  const trust = surroundings.trust ?? trustBy(paths.data);
  const project = tolerate(report, () => trust && findProjectFile(cwd, paths.home, trust)) ?? NO_PROJECT;
  for (const foreign of project.foreign) {
    const sentence = `${printable(foreign)} belongs to another user, so it is not read`;
    surroundings.stderr?.write(`oidc-token: ${sentence}\n`);
  }
  const overrides = layerFromEnvironment(env, { home: paths.home, config: dirname(path) }, report);
  const store = tolerate(report, () => storeFromEnvironment(env)) ?? user?.values.store ?? "auto";

  const of_user = user?.values.profiles ?? {};
  const defined = definedProfiles(user && { path, at: user.at, profiles: of_user }, project.file, report);
  const own = Object.keys(of_user);
  const [lone, ...more] = own.length > 0 ? own : [...defined.keys()];
  const is_bare = defined.size === 0 && overrides !== undefined;
  const candidates: (Selection | undefined)[] = [
    selection(ownVariable(env, "PROFILE"), { by: "OIDC_TOKEN_PROFILE" }),
    selection(project.file?.default_profile, { at: project.file?.at(["default_profile"]) }),
    selection(user?.values.default_profile, { at: user?.at(["default_profile"]) }),
    selection(is_bare ? "default" : more.length === 0 ? lone : undefined, {}),
  ];
  const by_default = candidates.find((candidate) => candidate !== undefined);
  const selected = selection(choice.profile, { by: "--profile" }) ?? by_default;
  if (choice.profile === "")
    throw new OidcTokenError("usage", "--profile needs a name", "write it after the option");
  const names = is_bare && selected ? [selected.name] : [...defined.keys()];

  return {
    path,
    files: [
      path,
      ...(named_by === "OIDC_TOKEN_CONFIG" ? [usualFile(paths)] : []),
      ...project.looked_at,
      // A trust that is taken back must be noticed.
      ...(own.length < defined.size && paths.data !== undefined ? [trustFile(paths.data)] : []),
    ],
    store,
    names,
    ...given({ selected: selected?.name }),
    at(name, key) {
      const source = defined.get(name);
      if (!source || (key !== undefined && !Object.hasOwn(source.values, key))) return undefined;
      const where = ["profiles", name, ...(key === undefined ? [] : [key])];
      return source.at(where, key === undefined ? "key" : "value");
    },
    profile(name) {
      const wanted = name === undefined || name === selected?.name ? selected : { name };
      if (!wanted) throw user ? noneSelected(path, names) : noConfiguration(path);
      if (!names.includes(wanted.name))
        throw user || wanted.at ? undefinedProfile(wanted, path, !user, names) : noConfiguration(path);
      if (!PROFILE_NAME.test(wanted.name)) throw badName(wanted);
      const source = defined.get(wanted.name);
      const frame: ProfileFrame = {
        name: wanted.name,
        store,
        is_default: wanted.name === by_default?.name,
        at: source?.at(["profiles", wanted.name], "key"),
        ...given({
          project: source?.project,
          config: named_by === "--config" && path !== usualFile(paths) ? path : undefined,
        }),
      };
      const file = source && layerFromFile(source.values, { home: paths.home, config: dirname(source.path) });
      if (file && source.project !== undefined) {
        const taken = variablesOf(Object.values(of_user));
        checkProjectProfile(wanted.name, file, { file: source.project, at: frame.at ?? "", taken });
      }
      const environment = wanted === selected ? environmentFor(source, overrides) : undefined;
      // A preset is one more layer, behind these.
      const layers = [environment, file].filter((layer) => layer !== undefined);
      const complete = (diverted_by: readonly string[]): Profile =>
        completeProfile({ ...frame, ...(diverted_by.length > 0 && { diverted_by }) }, layers);
      const profile = complete(file && environment ? divertingVariables(environment, file) : []);
      if (file && environment) checkDiversion(profile, environment, file);
      const usual = named_by === "OIDC_TOKEN_CONFIG" ? usualProfile(paths, wanted.name) : undefined;
      return usual?.account === profile.account && haveOtherDestinations(usual, profile)
        ? complete(["OIDC_TOKEN_CONFIG"])
        : profile;
    },
  };
}

const NO_PROJECT: ProjectSearch = { looked_at: [], foreign: [] };

function trustBy(data_dir: string | undefined): Trust | undefined {
  if (data_dir === undefined) return undefined;
  return (path, text) => {
    const hash = readTrustList(data_dir).get(path);
    return hash === undefined ? "unknown" : hash === sha256(text) ? "trusted" : "changed";
  };
}

/** What the file at its usual place says of a profile, where OIDC_TOKEN_CONFIG names another; undefined where it is silent. */
function usualProfile(paths: Surroundings["paths"], name: string): Profile | undefined {
  const usual = { env: {}, cwd: paths.config, paths };
  return attempt(() => loadConfig(usual, { config: usualFile(paths) }).profile(name));
}

function usualFile(paths: Surroundings["paths"]): string {
  return join(paths.config, "config.jsonc");
}

/** A profile that is wanted: its name, and the option or variable, or the place in a file, that asks for it. */
interface Selection {
  readonly name: string;
  readonly by?: string;
  readonly at?: string | undefined;
}

function selection(name: string | undefined, source: Omit<Selection, "name">): Selection | undefined {
  return name === undefined ? undefined : { name, ...source };
}

function chosenFile(
  { env, cwd, paths }: Surroundings,
  choice: Pick<ConfigChoice, "config">,
): { readonly path: string; readonly named_by?: string } {
  if (choice.config === "")
    throw new OidcTokenError("usage", "--config needs a file", "write its path after the option");
  const variable = ownVariable(env, "CONFIG");
  const named = choice.config ?? variable;
  if (named === undefined) return { path: usualFile(paths) };
  return {
    path: resolve(cwd, expandHome(named, paths.home)),
    named_by: choice.config === undefined ? "OIDC_TOKEN_CONFIG" : "--config",
  };
}

function noConfiguration(path: string): OidcTokenError {
  return fail(
    `there is no configuration yet: ${printable(path)} does not exist`,
    "run: oidc-token init; or set OIDC_TOKEN_ISSUER and OIDC_TOKEN_CLIENT_ID",
  );
}

function noneSelected(path: string, names: readonly string[]): OidcTokenError {
  if (names.length === 0) return fail(`${printable(path)} defines no profile`, ADD_ONE);
  return fail(
    `${printable(path)} defines ${names.length} profiles and none is selected`,
    `name one with --profile, OIDC_TOKEN_PROFILE or "default_profile": ${quoteAll(names)}`,
  );
}

function undefinedProfile(
  { name, by, at }: Selection,
  path: string,
  is_absent: boolean,
  names: readonly string[],
): OidcTokenError {
  const meant = nearest(name, names);
  const there =
    names.length > 0 ? `the profiles are ${quoteAll(names)}` : `run: oidc-token init --profile ${name}`;
  const hint = meant === undefined ? there : `did you mean ${quote(meant)}?`;
  const file = printable(path);
  const why = is_absent ? `but ${file} does not exist` : `which ${file} does not define`;
  if (at !== undefined) return fail(`${at}: "default_profile" is ${quote(name)}, ${why}`, hint);
  return fail(
    `profile ${quote(name)}${by === undefined ? "" : ` (from ${by})`} is not defined in ${file}`,
    hint,
  );
}

const ADD_ONE = 'add it under "profiles"; `oidc-token config schema` describes what goes there';

function badName({ name, by }: Selection): OidcTokenError {
  return fail(
    `${quote(name)}${by === undefined ? "" : ` (from ${by})`} cannot be the name of a profile`,
    "start with a letter or digit and go on with letters, digits, dots, underscores or hyphens, at most 64 in all",
  );
}

function fail(sentence: string, hint: string): OidcTokenError {
  return new OidcTokenError("configuration", sentence, hint);
}
