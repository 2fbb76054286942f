import { lstatSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";

export const PROJECT_FILE = ".oidc-token.jsonc";

/** Where a project's file may lie that counts in `cwd`, the nearest place first. */
export function* projectPlaces(cwd: string, home: string): Iterable<string> {
  for (const folder of foldersFrom(cwd, home)) yield join(folder, PROJECT_FILE);
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

/** The owner of what lies there, a link itself and not what it leads to. A folder that may not be searched holds no file of ours. */
export function ownerOf(path: string): number | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.uid;
  } catch {
    return undefined;
  }
}
