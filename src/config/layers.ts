import { isAbsolute, join } from "node:path";
import type { Environment } from "../paths.js";
import type { KeyReference, SecretReference, TokenReference } from "../profile.js";
import { profileFromEnvironment, variableOf } from "./environment.js";
import type { ProfileValues } from "./schema/profile.js";
import { parseKeyReference, parseSecretReference, parseTokenReference } from "./schema/reference.js";

/** The keys of a profile that say where something is to be found, and how. */
interface References {
  readonly client_secret: SecretReference;
  readonly key: SecretReference;
  readonly private_key: KeyReference;
  readonly client_cert: KeyReference;
  readonly client_key: KeyReference;
  readonly subject_token: TokenReference;
  readonly assertion: TokenReference;
}
type ReferenceKey = keyof References;
type AnyReference = References[ReferenceKey];

const PARSERS: Record<ReferenceKey, (text: string) => AnyReference | object> = {
  client_secret: parseSecretReference,
  key: parseSecretReference,
  private_key: parseKeyReference,
  client_cert: parseKeyReference,
  client_key: parseKeyReference,
  subject_token: parseTokenReference,
  assertion: parseTokenReference,
};
const REFERENCE_KEYS = Object.keys(PARSERS) as ReferenceKey[];

/** What one source says of a profile, references parsed and file names made absolute. */
export type ProfileLayer = Omit<ProfileValues, ReferenceKey> & Partial<References>;

/** What file names in a layer are relative to. */
export interface Folders {
  readonly home: string;
  /** The folder of the configuration file, whatever the current folder. */
  readonly config: string;
}

/** What the file says of one profile. */
export function layerFromFile(values: ProfileValues, folders: Folders): ProfileLayer {
  return withReferences(values, folders, (reference) => reference);
}

/**
 * What the environment says of the selected profile; undefined where it says nothing. A plain secret stays where it
 * is, so that nothing that is shown or written can come upon it. Throws an OidcTokenError that names the variable.
 */
export function layerFromEnvironment(env: Environment, folders: Folders): ProfileLayer | undefined {
  const values = profileFromEnvironment(env);
  if (Object.keys(values).length === 0) return undefined;
  return withReferences(values, folders, (reference, key) =>
    reference.from === "plain" ? { from: "env", name: variableOf(key) } : reference,
  );
}

/** `~` at the beginning of a path is the user's home. */
export function expandHome(path: string, home: string): string {
  return /^~(?=$|[/\\])/.test(path) ? join(home, path.slice(1)) : path;
}

function withReferences(
  values: ProfileValues,
  folders: Folders,
  place: (reference: AnyReference, key: ReferenceKey) => AnyReference,
): ProfileLayer {
  const parsed = REFERENCE_KEYS.flatMap((key) => {
    const text = values[key];
    if (text === undefined) return [];
    // The schema has refused what does not parse.
    const reference = place(PARSERS[key](text) as AnyReference, key);
    return [[key, reference.from === "file" ? fileIn(reference.path, folders) : reference] as const];
  });
  const { ca_file } = values;
  return {
    ...values,
    ...(Object.fromEntries(parsed) as Partial<References>),
    ...(ca_file !== undefined && { ca_file: fileIn(ca_file, folders).path }),
  } as ProfileLayer;
}

function fileIn(name: string, folders: Folders): { readonly from: "file"; readonly path: string } {
  const path = expandHome(name, folders.home);
  return { from: "file", path: isAbsolute(path) ? path : join(folders.config, path) };
}
