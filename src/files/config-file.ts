import { chownSync, lstatSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { OidcTokenError } from "../errors.js";
import { given } from "../given.js";
import { printable } from "../text.js";
import { configError } from "./config-error.js";
import { makeFolder } from "./folder.js";
import { readRegular, readText } from "./read.js";
import { replaceFile } from "./replace.js";

/** Bytes. */
const MOST_OF_OURS = 1024 * 1024;
export const MOST_OF_SETTINGS = 64 * 1024 * 1024;
const MOST_LINKS = 40;
const MARK = "\ufeff";

/**
 * The text of a configuration file. Undefined where there is none; an OidcTokenError of kind `configuration` where it
 * can't be read, or `check` does not want it.
 */
export function readConfigText(path: string, check?: (stats: Stats) => void): string | undefined {
  return readText(path, { most_bytes: MOST_OF_OURS, what: "a configuration file", ...given({ check }) });
}

/** As readConfigText, of another program: some keep a history among their settings. */
export function readSettingsText(path: string): string | undefined {
  return readText(path, { most_bytes: MOST_OF_SETTINGS, what: "a file of settings" });
}

/**
 * Replaces a file that a person wrote, as replaceFile does, following links. Mode and owner of what was there are kept, a new file
 * has `mode` in a folder of 0700. What is no longer `before` stays. Throws an OidcTokenError of kind `configuration`.
 */
export function replaceConfig(
  path: string,
  before: string | undefined,
  text: string,
  check: (temporary: string) => void,
  mode = 0o600,
): void {
  try {
    makeFolder(dirname(path));
    const target = followLinks(path);
    const old = statSync(target, { throwIfNoEntry: false });
    replaceFile(target, markOf(target) + text, {
      mode: old?.mode ?? mode,
      check: (temporary) => {
        check(temporary);
        if (old) keepOwner(temporary, old);
        if (readSettingsText(target) !== before) throw changedMeanwhile(path);
      },
    });
  } catch (error) {
    throw configError(error, { action: "write", path });
  }
}

/** The byte order mark, where a file begins with one: readConfigText leaves it out. */
function markOf(path: string): string {
  try {
    return readRegular(path, MOST_OF_SETTINGS).toString("utf8").startsWith(MARK) ? MARK : "";
  } catch {
    // Whoever reads its text says what is wrong.
    return "";
  }
}

/** Whoever runs this for somebody else, by sudo for one, takes no file away from them. Throws the system's error. */
function keepOwner(temporary: string, { uid, gid }: Stats): void {
  if (statSync(temporary).uid !== uid) chownSync(temporary, uid, gid);
}

/** Where a chain of links ends, be there a file or not. */
function followLinks(path: string): string {
  let current = path;
  for (let links = 0; links < MOST_LINKS; links += 1) {
    const folder = realpathSync(dirname(current));
    const real = join(folder, basename(current));
    if (!lstatSync(real, { throwIfNoEntry: false })?.isSymbolicLink()) return real;
    current = resolve(folder, readlinkSync(real));
  }
  throw Object.assign(new Error("too many links"), { code: "ELOOP" });
}

function changedMeanwhile(path: string): OidcTokenError {
  return new OidcTokenError(
    "configuration",
    `${printable(path)} was changed by somebody else meanwhile, so it was left alone`,
    "run the command again",
  );
}
