import { keepEntry, readEntries } from "../files/cache.js";
import { stampOf, stampsSince } from "../files/stamp.js";
import { FORMATS, type FormatName } from "../formats/output.js";
import { type SecretReference, STORE_CHOICES, type StoreChoice } from "../profile.js";

/**
 * What a cached `get` needs to know, kept from the last time this very command line was read in full, so that neither
 * arguments nor configuration are parsed, validated or hashed again: that would cost a fifth of the bare runtime's
 * start. It holds no secret, and is only believed while every file it was made from is untouched.
 */
export interface Snapshot {
  /** The configuration files consulted, and their stamps; null where there was none. */
  readonly files: ReadonlyArray<readonly [path: string, stamp: string | null]>;
  readonly account: string;
  readonly store: StoreChoice;
  readonly format: FormatName;
  readonly header: string;
  readonly header_scheme: string;
  /** `--id-token` was asked for. */
  readonly id_token: boolean;
  /** `--fresh-on-repeat` was asked for. */
  readonly fresh_on_repeat?: true;
  /** As asked for, in seconds. */
  readonly min_validity?: number;
  readonly refresh_before: number;
  /** Where a static key is, if not in the store. */
  readonly key?: Extract<SecretReference, { from: "env" | "file" }>;
  /** The profile has a flow that needs no person, so a refresh is possible without a refresh token. */
  readonly unattended: boolean;
  /** Where the token may go: what `--url` is held against, here too. */
  readonly allowed_origins: readonly string[];
}

/**
 * All that the answer to a command line depends on beside the configuration files. Undefined where a variable
 * overrides a key of the profile: its value may be a secret and belongs in no file.
 */
export function snapshotKey(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  configDir: string,
): string | undefined {
  const own: string[] = [];
  for (const given in env) {
    // Windows knows variables whatever their case and lists them as they were first written.
    const name = given.toUpperCase();
    if (!name.startsWith("OIDC_TOKEN_") || !env[given]) continue;
    if (!SELECTING_VARIABLES.includes(name)) return undefined;
    own.push(`${name}=${env[given]}`);
  }
  return JSON.stringify([argv, own.sort(), cwd, configDir]);
}

const SELECTING_VARIABLES = [
  "OIDC_TOKEN_CONFIG",
  "OIDC_TOKEN_PROFILE",
  "OIDC_TOKEN_STORE",
  "OIDC_TOKEN_LOG",
  "OIDC_TOKEN_INTERACTIVE",
  // Kept under it is only what a full call has answered under it.
  "OIDC_TOKEN_AGENT",
];
const FILE_NAME = "get.json";
const MOST_ENTRIES = 24;
/** The snapshot kept under this key, if the files it came from are as they were. Never throws. */
export function readSnapshot(cacheDir: string, key: string): Snapshot | undefined {
  const all = readEntries(cacheDir, FILE_NAME);
  const kept = Object.hasOwn(all, key) ? all[key] : undefined;
  return isSnapshot(kept) && kept.files.every(([path, at]) => stampOf(path) === at) ? kept : undefined;
}

/** What writeSnapshot keeps, and nothing that would print something other than a token. */
function isSnapshot(value: unknown): value is Snapshot {
  const kept = value as Partial<Record<keyof Snapshot, unknown>> | null | undefined;
  if (typeof kept !== "object" || kept === null) return false;
  const { files, format, header, header_scheme, min_validity, key, allowed_origins } = kept;
  const place = key as Partial<Record<string, unknown>> | null | undefined;
  return (
    // An empty list would be true for ever.
    Array.isArray(files) &&
    files.length > 0 &&
    files.every((file) => Array.isArray(file) && isText(file[0]) && (file[1] === null || isText(file[1]))) &&
    isText(kept.account) &&
    STORE_CHOICES.some((choice) => choice === kept.store) &&
    isText(format) &&
    Object.hasOwn(FORMATS, format) &&
    isText(header) &&
    HEADER.test(header) &&
    typeof header_scheme === "string" &&
    SCHEME.test(header_scheme) &&
    typeof kept.id_token === "boolean" &&
    typeof kept.unattended === "boolean" &&
    Number.isFinite(kept.refresh_before) &&
    (min_validity === undefined || Number.isFinite(min_validity)) &&
    (place === undefined ||
      (place?.from === "env" ? isText(place.name) : place?.from === "file" && isText(place.path))) &&
    Array.isArray(allowed_origins)
  );
}

/** RFC 9110 §5.6.2, `token`. */
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const SCHEME = /^[\x21-\x7e]*$/;

/** Not endless: it may come to stand in a sentence. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= LONGEST;
}

/** Characters; no path is longer. */
const LONGEST = 4096;

/**
 * Keeps a snapshot for the next call. `read_at` (milliseconds since the epoch) is when reading `files` began: one
 * that has changed since may not be what was read. Failing to write is no error: the next call reads the
 * configuration instead.
 */
export function writeSnapshot(
  cacheDir: string,
  key: string,
  files: readonly string[],
  read_at: number,
  facts: Omit<Snapshot, "files">,
): void {
  const stamped = stampsSince(files, read_at);
  if (!stamped) return;
  keepEntry(cacheDir, FILE_NAME, key, { files: stamped, ...facts }, MOST_ENTRIES);
}
