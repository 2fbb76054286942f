import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { OidcTokenError } from "../errors.js";
import type { Document } from "../files/jsonc.js";
import { given } from "../given.js";
import { quote } from "../text.js";
import { readDocument, validateDocument } from "./document.js";
import { projectEntries, projectSchema } from "./schema/file.js";

const FILE_NAME = ".oidc-token.jsonc";

/** What the project's own file adds to the configuration. */
export interface ProjectFile {
  readonly default_profile?: string;
  /** `file:line:column` of the selection. */
  readonly at: string;
}

/** The project file that counts in `cwd`, and every place that was looked at, because one may appear there later. */
export function findProjectFile(
  cwd: string,
  home: string,
): {
  readonly file: ProjectFile | undefined;
  readonly looked_at: readonly string[];
} {
  const looked_at: string[] = [];
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, FILE_NAME);
    looked_at.push(path);
    const document = isThere(path) ? readDocument(path) : undefined;
    if (document) return { file: contributionOf(document), looked_at };
    if (folder === home || folder === dirname(folder)) return { file: undefined, looked_at };
  }
}

/**
 * What a project file may contribute: the choice of a profile, nothing else. A repository must never be able to
 * redirect a token or a secret (DESIGN §3).
 */
function contributionOf(document: Document): ProjectFile {
  const { value } = document;
  if (typeof value === "object" && value !== null) {
    for (const key of ["profiles", "store"]) {
      if (!Object.hasOwn(value, key)) continue;
      throw new OidcTokenError(
        "configuration",
        `${document.at([key], "key")}: a project file may only select a profile until it is trusted, not define ${quote(key)}`,
        `move ${quote(key)} to your own configuration file, and keep "default_profile" here`,
      );
    }
  }
  const values = validateDocument(
    projectSchema,
    document,
    (keys) => (keys.length === 0 ? "a project file" : quote(keys.join("."))),
    () => Object.keys(projectEntries),
  );
  const { default_profile } = values;
  return { at: document.at(["default_profile"]), ...given({ default_profile }) };
}

/** A folder above that may not be searched holds no file of ours. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
