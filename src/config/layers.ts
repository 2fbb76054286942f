import { isAbsolute, join } from "node:path";
import type { Environment } from "../context.js";
import { profileFromEnvironment, variableOf } from "./environment.js";
import type { SecretReference } from "./profile.js";
import type { ProfileKey, ProfileValues } from "./profile-schema.js";
import { parseSecretReference } from "./secret-reference.js";

/** What one source says of a profile, secrets parsed and file names made absolute. */
export type ProfileLayer = Omit<ProfileValues, "client_secret" | "key"> & {
  readonly client_secret?: SecretReference;
  readonly key?: SecretReference;
};

/** What file names in a layer are relative to. */
export interface Folders {
  readonly home: string;
  /** The folder of the configuration file, whatever the current folder. */
  readonly config: string;
}

/** What the file says of one profile. */
export function layerFromFile(values: ProfileValues, folders: Folders): ProfileLayer {
  return withSecrets(values, (text) => parsed(text, folders));
}

/**
 * What the environment says of the selected profile; undefined where it says nothing. A plain secret stays where it
 * is, so that nothing that is shown or written can come upon it. Throws an OidcTokenError that names the variable.
 */
export function layerFromEnvironment(env: Environment, folders: Folders): ProfileLayer | undefined {
  const values = profileFromEnvironment(env);
  if (Object.keys(values).length === 0) return undefined;
  return withSecrets(values, (text, key) => {
    const reference = parsed(text, folders);
    return reference.from === "plain" ? { from: "env", name: variableOf(key) } : reference;
  });
}

/** `~` at the beginning of a path is the user's home. */
export function expandHome(path: string, home: string): string {
  return /^~(?=$|[/\\])/.test(path) ? join(home, path.slice(1)) : path;
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
function parsed(text: string, folders: Folders): SecretReference {
  const reference = parseSecretReference(text) as SecretReference;
  if (reference.from !== "file") return reference;
  const path = expandHome(reference.path, folders.home);
  return { from: "file", path: isAbsolute(path) ? path : join(folders.config, path) };
}
