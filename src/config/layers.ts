import { isAbsolute, join } from "node:path";
import { given } from "../given.js";
import type { Environment } from "../paths.js";
import { expandHome } from "../paths.js";
import { type AnyReference, REFERENCE_KEYS, type ReferenceKey, variableOf } from "../profile.js";
import { profileFromEnvironment } from "./environment.js";
import type { Report } from "./finding.js";
import type { ProfileValues } from "./schema/profile.js";

/** What file names in a layer are relative to. */
export interface Folders {
  readonly home: string;
  /** The folder of the configuration file, whatever the current folder. */
  readonly config: string;
}

/** What the file says of one profile, file names made absolute. */
export function layerFromFile(values: ProfileValues, folders: Folders): ProfileValues {
  return placed(values, folders, (reference) => reference);
}

/**
 * What the environment says of the selected profile; undefined where it says nothing. A plain secret stays where it
 * is, so that nothing that is shown or written can come upon it. Throws an OidcTokenError that names the variable.
 */
export function layerFromEnvironment(
  env: Environment,
  folders: Folders,
  report?: Report,
): ProfileValues | undefined {
  const values = profileFromEnvironment(env, report);
  if (Object.keys(values).length === 0) return undefined;
  return placed(values, folders, (reference, key) =>
    reference.from === "plain" ? { from: "env", name: variableOf(key) } : reference,
  );
}

function placed(
  values: ProfileValues,
  { home, config }: Folders,
  place: (reference: AnyReference, key: ReferenceKey) => AnyReference,
): ProfileValues {
  const absolute = (name: string): string => {
    const path = expandHome(name, home);
    return isAbsolute(path) ? path : join(config, path);
  };
  const references = REFERENCE_KEYS.flatMap((key) => {
    const reference = values[key] && place(values[key], key);
    if (reference === undefined) return [];
    return [[key, reference.from === "file" ? { from: "file", path: absolute(reference.path) } : reference]];
  });
  const { ca_file } = values;
  return {
    ...values,
    ...Object.fromEntries(references),
    ...given({ ca_file: ca_file && absolute(ca_file) }),
  };
}
