import { lstatSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { OidcTokenError } from "../errors.js";
import { Refused } from "../files/file-error.js";
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

/** What was found of project files on the way up from a folder. */
export interface ProjectSearch {
  readonly file?: ProjectFile;
  /** Every place that was looked at, because one may appear there later. */
  readonly looked_at: readonly string[];
  /** The files of somebody else, which are not read. */
  readonly foreign: readonly string[];
}

/** The project file that counts in `cwd`: the nearest, from there up to the home folder. */
export function findProjectFile(cwd: string, home: string): ProjectSearch {
  const looked_at: string[] = [];
  const foreign: string[] = [];
  for (const folder of foldersFrom(cwd, home)) {
    const path = join(folder, FILE_NAME);
    looked_at.push(path);
    const owner = ownerOf(path);
    if (owner === undefined) continue;
    if (!isTrustedOwner(owner)) {
      foreign.push(path);
      continue;
    }
    const document = readDocument(path, ({ uid }) => {
      if (!isTrustedOwner(uid)) throw new Refused("another's");
    });
    if (document) return { file: contributionOf(document), looked_at, foreign };
  }
  return { looked_at, foreign };
}

/**
 * The folder and those above it that belong together: up to the home folder, or outside of it as far as the owner and
 * the file system stay the same, so that a file in /tmp or on a shared disk is nobody's business.
 */
function* foldersFrom(cwd: string, home: string): Iterable<string> {
  const is_at_home = cwd === home || cwd.startsWith(home.endsWith(sep) ? home : home + sep);
  for (let folder = cwd; ; folder = dirname(folder)) {
    yield folder;
    const above = dirname(folder);
    if (folder === home || folder === above || (!is_at_home && !belongTogether(folder, above))) return;
  }
}

function belongTogether(folder: string, above: string): boolean {
  try {
    const [one, other] = [statSync(folder), statSync(above)];
    return one.uid === other.uid && one.dev === other.dev;
  } catch {
    return false;
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

/** The owner of what lies there, a link itself and not what it leads to. A folder that may not be searched holds no file of ours. */
function ownerOf(path: string): number | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.uid;
  } catch {
    return undefined;
  }
}

function isTrustedOwner(uid: number): boolean {
  const own = process.getuid?.();
  return own === undefined || uid === own || uid === 0;
}
