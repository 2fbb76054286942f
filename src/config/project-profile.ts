import { realpathSync } from "node:fs";
import { dirname, sep } from "node:path";
import { OidcTokenError } from "../errors.js";
import { type AnyReference, REFERENCE_KEYS, type References } from "../profile.js";
import { quote } from "../text.js";

/**
 * Refuses what a profile of a project's file may not do although the file is trusted: run a program, or read what is
 * not the project's, such as the secrets of the user's other profiles. `file` is its real path, `at` where the profile
 * stands. Throws an OidcTokenError of kind `configuration`.
 */
export function checkProjectProfile(
  name: string,
  profile: References,
  { file, at, taken }: { readonly file: string; readonly at: string; readonly taken: ReadonlySet<string> },
): void {
  for (const key of REFERENCE_KEYS) {
    const trouble = troubleOf(profile[key], dirname(file), taken);
    if (trouble === undefined) continue;
    throw new OidcTokenError(
      "configuration",
      `${at}: profile ${quote(name)} of a project file ${trouble} ("${key}")`,
      "write the profile into your own configuration file instead; {keyring} works in both",
    );
  }
}

/** The variables that the user's own profiles take secrets from. */
export function variablesOf(profiles: Iterable<References>): Set<string> {
  const references = [...profiles].flatMap((profile) => REFERENCE_KEYS.map((key) => profile[key]));
  return new Set(references.flatMap((reference) => (reference?.from === "env" ? [reference.name] : [])));
}

function troubleOf(
  reference: AnyReference | undefined,
  folder: string,
  taken: ReadonlySet<string>,
): string | undefined {
  if (reference?.from === "command") return "may not run a program";
  if (reference?.from === "env" && (taken.has(reference.name) || reference.name.startsWith("OIDC_TOKEN_")))
    return `may not read the variable ${reference.name}, which is for a profile of yours`;
  if (reference?.from !== "file") return undefined;
  return isWithin(realPath(reference.path), folder) ? undefined : "may not read a file outside the project";
}

/** Where links lead; of a file that is not there, what its folder is. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : `${realPath(dirname(path))}${sep}`;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
