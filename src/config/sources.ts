import { OidcTokenError } from "../errors.js";
import type { Document } from "../files/jsonc.js";
import { given } from "../given.js";
import { REFERENCES } from "../profile.js";
import { quote } from "../text.js";
import { type Report, tolerate } from "./finding.js";
import type { ProfileFile } from "./project-file.js";
import type { ProfileValues } from "./schema/profile.js";

/** A profile that a file defines. */
export interface Source {
  readonly values: ProfileValues;
  readonly path: string;
  readonly at: Document["at"];
  /** The path, where it is a project's file. */
  readonly project?: string;
}

/**
 * The profiles of the user's own file, then those of the project's. A project may not take a name of the user's: an
 * OidcTokenError of kind `configuration`, unless it is to be reported.
 */
export function definedProfiles(
  user: ProfileFile | undefined,
  project: ProfileFile | undefined,
  report?: Report,
): ReadonlyMap<string, Source> {
  const defined = new Map<string, Source>();
  for (const file of [user, project]) {
    if (!file) continue;
    const { path, at, profiles } = file;
    for (const [name, values] of Object.entries(profiles)) {
      tolerate(report, () => {
        if (defined.has(name)) throw taken(at(["profiles", name], "key"), name);
        defined.set(name, { values, path, at, ...given({ project: file === project ? path : undefined }) });
      });
    }
  }
  return defined;
}

/** What the environment may say of a profile: of one of a project's, no secret, for that is meant for the user's own. */
export function environmentFor(
  source: Source | undefined,
  overrides: ProfileValues | undefined,
): ProfileValues | undefined {
  if (!overrides || source?.project === undefined) return overrides;
  return Object.fromEntries(Object.entries(overrides).filter(([key]) => !(key in REFERENCES)));
}

function taken(at: string, name: string): OidcTokenError {
  return new OidcTokenError(
    "configuration",
    `${at}: your own configuration file defines a profile ${quote(name)} too`,
    "give the project's profile another name",
  );
}
