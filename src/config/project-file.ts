import { realpathSync } from "node:fs";
import { OidcTokenError } from "../errors.js";
import { readConfigText } from "../files/config-file.js";
import { Refused } from "../files/file-error.js";
import { type Document, parseJsonc } from "../files/jsonc.js";
import { given } from "../given.js";
import { validateDocument } from "./document.js";
import { knownIn, nameIn } from "./key-names.js";
import { ownerOf, projectPlaces } from "./project-places.js";
import { projectEntries, projectSchema } from "./schema/file.js";
import type { ProfileValues } from "./schema/profile.js";

/** A file that may define profiles. */
export interface ProfileFile {
  readonly path: string;
  readonly profiles: Readonly<Record<string, ProfileValues>>;
  readonly at: Document["at"];
}

/** What the project's own file adds to the configuration: no profiles unless it is trusted. The path is its real one. */
export interface ProjectFile extends ProfileFile {
  readonly default_profile?: string;
}

/** Says whether the file of this real path may define profiles while it holds this text. */
export type Trust = (path: string, text: string) => "trusted" | "changed" | "unknown";

/** What was found of project files on the way up from a folder. */
export interface ProjectSearch {
  readonly file?: ProjectFile;
  /** Every place that was looked at, because one may appear there later. */
  readonly looked_at: readonly string[];
  /** The files of somebody else, which are not read. */
  readonly foreign: readonly string[];
}

/** The project file that counts in `cwd`: the nearest, from there up to the home folder. */
export function findProjectFile(cwd: string, home: string, trust: Trust): ProjectSearch {
  const looked_at: string[] = [];
  const foreign: string[] = [];
  for (const path of projectPlaces(cwd, home)) {
    looked_at.push(path);
    const owner = ownerOf(path);
    if (owner === undefined) continue;
    if (!isTrustedOwner(owner)) {
      foreign.push(path);
      continue;
    }
    const file = readProjectFile(path, trust);
    if (file) return { file, looked_at, foreign };
  }
  return { looked_at, foreign };
}

/**
 * What a project file may contribute: the choice of a profile, and once it is trusted profiles. A repository must never
 * be able to redirect a token or a secret (DESIGN §3). Undefined where there is no such file.
 */
export function readProjectFile(path: string, trust: Trust): ProjectFile | undefined {
  const text = readConfigText(path, ({ uid }) => {
    if (!isTrustedOwner(uid)) throw new Refused("another's");
  });
  if (text === undefined) return undefined;
  const document = parseJsonc(path, text);
  const { value } = document;
  const has = (key: string): boolean =>
    typeof value === "object" && value !== null && Object.hasOwn(value, key);
  if (has("store")) {
    throw new OidcTokenError(
      "configuration",
      `${document.at(["store"], "key")}: a project file may not say where tokens are kept`,
      'move "store" to your own configuration file',
    );
  }
  const real = realpathSync(path);
  if (has("profiles")) checkTrust(document, trust(real, text));
  const whole = nameIn("a project file");
  const { default_profile, profiles = {} } = validateDocument(
    projectSchema,
    document,
    whole,
    knownIn(projectEntries),
  );
  return { path: real, profiles, at: document.at, ...given({ default_profile }) };
}

function checkTrust(document: Document, trust: ReturnType<Trust>): void {
  const at = document.at(["profiles"], "key");
  if (trust === "unknown") {
    throw new OidcTokenError(
      "configuration",
      `${at}: a project file may only select a profile until it is trusted, not define "profiles"`,
      'look through it, then run: oidc-token trust; or move "profiles" to your own configuration file',
    );
  }
  if (trust === "changed") {
    throw new OidcTokenError(
      "configuration",
      `${at}: this project file has changed since it was trusted`,
      "look at what has changed, then run: oidc-token trust",
    );
  }
}

function isTrustedOwner(uid: number): boolean {
  const own = process.getuid?.();
  return own === undefined || uid === own || uid === 0;
}
