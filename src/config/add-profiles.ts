import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { readConfigText, replaceConfig } from "../files/config-file.js";
import { parseJsonc } from "../files/jsonc.js";
import { type Json, setKey } from "../files/jsonc-edit.js";
import { given } from "../given.js";
import { printable, quote } from "../text.js";
import { loadConfig } from "./load.js";
import { readUserFile } from "./user-file.js";

/** A profile as it is to stand in the file. */
export interface ProfileEntry {
  readonly name: string;
  readonly values: Readonly<Record<string, Json>>;
}

export interface ConfigChange {
  readonly profiles: readonly ProfileEntry[];
  /** Becomes the file's `default_profile`. */
  readonly default_profile?: string;
  /** Profiles of these names that say something else are replaced; without it they are an error. */
  readonly replace: boolean;
  /** The `$schema` of a file that is new; asked for only then. */
  schema(): string | undefined;
}

export interface ConfigChanged {
  /** The names of the profiles that were written, and of those that stood there already, just so. */
  readonly written: readonly string[];
  readonly unchanged: readonly string[];
  /** Set so that the only profile there was stays the one used where none is named. */
  readonly kept_default?: string;
  /** There is more than one profile and none is used where none is named. */
  readonly needs_default: boolean;
}

interface RawFile {
  readonly default_profile?: string;
  readonly profiles?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

/**
 * Adds profiles to the user's configuration file, which may be new. The result must pass the loader before it replaces
 * anything. Throws an OidcTokenError of kind `configuration`. Call it under a lock: two at once lose one's change.
 */
export function addProfiles(path: string, home: string, change: ConfigChange): ConfigChanged {
  const before = readConfigText(path);
  const is_new = before === undefined || before.trim() === "";
  if (!is_new) readUserFile(path);
  const present = is_new ? {} : (parseJsonc(path, before).value as RawFile);
  const existing = present.profiles ?? {};

  const unchanged: string[] = [];
  const written: string[] = [];
  for (const { name, values } of change.profiles) {
    const old = Object.hasOwn(existing, name) ? existing[name] : undefined;
    // The parser's objects have no prototype, which would count.
    if (old && isDeepStrictEqual({ ...old }, { ...values })) unchanged.push(name);
    else if (old && !change.replace) throw exists(name, path);
    else written.push(name);
  }
  const kept_default = loneProfile(present, change, written);
  const default_profile = change.default_profile ?? kept_default;

  let text = is_new ? "{}\n" : before;
  const schema = is_new ? change.schema() : undefined;
  if (schema !== undefined) text = setKey(text, ["$schema"], schema);
  if (default_profile !== undefined && default_profile !== present.default_profile)
    text = setKey(text, ["default_profile"], default_profile);
  for (const { name, values } of change.profiles) {
    if (!written.includes(name)) continue;
    const old = Object.hasOwn(existing, name) ? existing[name] : undefined;
    text = old ? setEach(text, name, old, values) : setKey(text, ["profiles", name], values);
  }
  const names = new Set([...Object.keys(existing), ...written]);
  const needs_default = names.size > 1 && (default_profile ?? present.default_profile) === undefined;
  const done = { written, unchanged, needs_default, ...given({ kept_default }) };
  if (text === before) return done;
  replaceConfig(path, before, text, (temporary) => {
    checkLoads(path, temporary, home, change.profiles);
  });
  return done;
}

/** Key by key, so that comments inside the profile stay. */
function setEach(
  text: string,
  name: string,
  old: ProfileEntry["values"],
  values: ProfileEntry["values"],
): string {
  let result = text;
  for (const key of Object.keys(old))
    if (!Object.hasOwn(values, key)) result = setKey(result, ["profiles", name, key], undefined);
  for (const [key, value] of Object.entries(values))
    if (!isDeepStrictEqual(old[key], value)) result = setKey(result, ["profiles", name, key], value);
  return result;
}

/** The only profile there was is the default without being named; with a second one it no longer would be. */
function loneProfile(present: RawFile, change: ConfigChange, written: readonly string[]): string | undefined {
  if (present.default_profile !== undefined || change.default_profile !== undefined) return undefined;
  const [only, ...more] = Object.keys(present.profiles ?? {});
  return more.length === 0 && written.some((name) => name !== only) ? only : undefined;
}

function checkLoads(path: string, temporary: string, home: string, profiles: readonly ProfileEntry[]): void {
  try {
    const folder = dirname(path);
    const loaded = loadConfig(
      { env: {}, cwd: folder, paths: { home, config: folder } },
      { config: temporary },
    );
    for (const { name } of profiles) loaded.profile(name);
  } catch (error) {
    if (!isOidcTokenError(error)) throw error;
    const message = error.message.replaceAll(printable(temporary), printable(path));
    throw new OidcTokenError(error.kind, message, `nothing was written; ${error.hint}`, { cause: error });
  }
}

function exists(name: string, path: string): OidcTokenError {
  return new OidcTokenError(
    "configuration",
    `profile ${quote(name)} stands in ${printable(path)} already, with other values`,
    "choose another name with --profile, or replace it with --force",
  );
}
