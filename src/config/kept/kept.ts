import { keepEntry, readEntries } from "../../files/cache.js";
import { type Stamped, stampOf, stampsSince } from "../../files/stamp.js";
import type { Environment } from "../../paths.js";
import { type Profile, REFERENCE_KEYS } from "../../profile.js";
import type { LoadedConfig } from "../load.js";
import { SECRET_NAME } from "../mask.js";
import { ownerOf, projectPlaces } from "../project-places.js";

/** What most commands need of a configuration. */
export type OpenedConfig = Pick<LoadedConfig, "path" | "files" | "store" | "names" | "selected" | "profile">;

/** All that a configuration depends on beside its file, where nothing but that file and these has a say in it. */
export interface Place {
  readonly path: string;
  readonly cwd: string;
  readonly home: string;
  readonly env: Environment;
}

/** The file as it was read last time: what stands in a file that is untouched need not be parsed and checked again. */
interface Kept {
  readonly files: readonly Stamped[];
  readonly store: LoadedConfig["store"];
  readonly profiles: Readonly<Record<string, Profile>>;
  /** The profile used where none is named. */
  readonly by_default: string;
}

const FILE_NAME = "configuration.json";
const MOST_ENTRIES = 8;
/** Characters of one: reading more takes longer than parsing the file. */
const MOST_TEXT = 50_000;
/** The variables beside which a configuration may be kept: those in the key, and those that are none of its business. */
const HARMLESS = ["OIDC_TOKEN_STORE", "OIDC_TOKEN_PROFILE", "OIDC_TOKEN_LOG", "OIDC_TOKEN_INTERACTIVE"];

/**
 * The configuration as it was kept; undefined where it is to be read: something has changed, a variable or a project's
 * file has a say, or `profile` is none of what is kept, and then somebody wants to know why. Never throws.
 */
export function readKept(cache: string, place: Place, profile: string | undefined): OpenedConfig | undefined {
  const looked_at = isAlone(place) ? placesWithoutFile(place) : undefined;
  const kept = looked_at && readEntries(cache, FILE_NAME)[keyOf(place)];
  if (!looked_at || !isKept(kept)) return undefined;
  if (kept.files.length === 0 || !kept.files.every(([path, stamp]) => stampOf(path) === stamp))
    return undefined;
  const { profiles, by_default, store } = kept;
  const selected = profile ?? by_default;
  if (!Object.hasOwn(profiles, selected)) return undefined;
  const names = Object.keys(profiles);
  return {
    path: place.path,
    files: [place.path, ...looked_at],
    store,
    names,
    selected,
    profile(name = selected) {
      const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
      if (!found) throw new Error(`no profile ${name} among those that are kept`);
      return found;
    },
  };
}

/** Keeps what was read from `read_at` (milliseconds since the epoch) on, where that is for more than this once. Never throws. */
export function keep(cache: string, place: Place, config: LoadedConfig, read_at: number): void {
  if (!isAlone(place) || !placesWithoutFile(place)) return;
  const files = stampsSince([place.path], read_at);
  const profiles = files && profilesOf(config);
  const by_default = profiles && Object.values(profiles).find(({ is_default }) => is_default)?.name;
  if (!profiles || by_default === undefined || Object.values(profiles).some(holdsSecret)) return;
  const entry: Kept = { files, store: config.store, profiles, by_default };
  if (JSON.stringify(entry).length <= MOST_TEXT)
    keepEntry(cache, FILE_NAME, keyOf(place), entry, MOST_ENTRIES);
}

function keyOf({ path, home, env }: Place): string {
  return JSON.stringify([path, home, env.OIDC_TOKEN_STORE, env.OIDC_TOKEN_PROFILE]);
}

function isAlone({ env }: Place): boolean {
  return Object.keys(env).every((given) => {
    // Windows knows variables whatever their case.
    const name = given.toUpperCase();
    return !name.startsWith("OIDC_TOKEN_") || !env[given] || HARMLESS.includes(name);
  });
}

/** The places a project's file may lie at, where it lies at none of them. */
function placesWithoutFile({ cwd, home }: Place): readonly string[] | undefined {
  const places = [...projectPlaces(cwd, home)];
  return places.some((path) => ownerOf(path) !== undefined) ? undefined : places;
}

/** Undefined where one of them is wrong: that is to be told again. */
function profilesOf(config: LoadedConfig): Record<string, Profile> | undefined {
  try {
    return Object.fromEntries(config.names.map((name) => [name, config.profile(name)]));
  } catch {
    return undefined;
  }
}

/** Whether a secret may stand in the file itself: it is written nowhere else. */
function holdsSecret(profile: Profile): boolean {
  const { proxy, authorization_params, token_params } = profile;
  return (
    REFERENCE_KEYS.some((key) => profile[key]?.from === "plain" || profile[key]?.from === "command") ||
    (proxy !== undefined && new URL(proxy).password !== "") ||
    Object.keys(token_params).length > 0 ||
    Object.keys(authorization_params).some((name) => SECRET_NAME.test(name))
  );
}

/** What `keep` writes, as far as its reader relies on it; the rest is as sure as the folder is this user's own. */
function isKept(value: unknown): value is Kept {
  const { files, profiles, by_default } = (value ?? {}) as Partial<Record<keyof Kept, unknown>>;
  return (
    Array.isArray(files) &&
    files.every((file) => Array.isArray(file) && typeof file[0] === "string") &&
    typeof by_default === "string" &&
    typeof profiles === "object" &&
    profiles !== null &&
    Object.entries(profiles).every(([name, profile]) => isProfile(profile) && profile.name === name)
  );
}

function isProfile(value: unknown): value is Profile {
  const { name, account, flow, allowed_origins, header } = (value ?? {}) as Partial<
    Record<keyof Profile, unknown>
  >;
  return (
    [name, account, header].every((text) => typeof text === "string") &&
    [flow, allowed_origins].every((list) => Array.isArray(list))
  );
}
