import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { OidcTokenError } from "../errors.js";
import { printable } from "../text.js";
import { readText } from "./read.js";

const MOST_BYTES = 1024 * 1024;
const MOST_LINKS = 40;
/** Milliseconds after which a temporary file belongs to nobody any more. */
const ABANDONED = 60_000;

/** The text of the configuration file; undefined where there is none. */
export function readConfigText(path: string): string | undefined {
  return readText(path, { most_bytes: MOST_BYTES, what: "a configuration file" });
}

/**
 * Puts a text in place of the configuration file in one step: who reads it, or is killed, finds the old text or the
 * new one. A link is followed, the mode of what was there is kept, a new file is 0600 in a folder of 0700. `check` is
 * given the path of the new text and throws where it is wrong; what was there then stays. So it does where it is no
 * longer `before`. Throws an OidcTokenError of kind `configuration`.
 */
export function replaceConfig(
  path: string,
  before: string | undefined,
  text: string,
  check: (temporary: string) => void,
): void {
  let temporary: string | undefined;
  try {
    makeFolder(dirname(path));
    const target = followLinks(path);
    const folder = dirname(target);
    removeAbandoned(folder, basename(target));
    temporary = join(
      folder,
      `${prefixOf(basename(target))}${process.pid}-${randomBytes(6).toString("hex")}.tmp`,
    );
    writeDurably(temporary, text, statSync(target, { throwIfNoEntry: false })?.mode);
    check(temporary);
    if (readConfigText(target) !== before) throw changedMeanwhile(path);
    renameSync(temporary, target);
    syncFolder(folder);
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    if (error instanceof OidcTokenError) throw error;
    throw cannotWrite(path, error as NodeJS.ErrnoException);
  }
}

/** As `mkdir -p`. Node's own never ends where a folder that exists answers ENOENT, as /proc does. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const made_by_another =
      (error as NodeJS.ErrnoException).code === "EEXIST" && statSync(path).isDirectory();
    if (!made_by_another) throw error;
  }
}

function writeDurably(path: string, text: string, mode: number | undefined): void {
  const file = openSync(path, "wx", 0o600);
  try {
    if (mode !== undefined) fchmodSync(file, mode & 0o7777);
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
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

function removeAbandoned(folder: string, name: string): void {
  for (const entry of readdirSync(folder)) {
    if (!entry.startsWith(prefixOf(name)) || !entry.endsWith(".tmp")) continue;
    const path = join(folder, entry);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > ABANDONED) rmSync(path, { force: true });
  }
}

function prefixOf(name: string): string {
  return `.${name}.`;
}

/** Makes the rename last. Windows can't open a folder. */
function syncFolder(folder: string): void {
  let file: number | undefined;
  try {
    file = openSync(folder, "r");
    fsyncSync(file);
  } catch {
    // The new text is whole and in its place; only a power cut at this moment could bring the old one back.
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function changedMeanwhile(path: string): OidcTokenError {
  return new OidcTokenError(
    "configuration",
    `${printable(path)} was changed by somebody else meanwhile, so it was left alone`,
    "run the command again",
  );
}

function cannotWrite(path: string, error: NodeJS.ErrnoException): OidcTokenError {
  const code = error.code ?? "unknown error";
  const [reason, hint] = REASONS[code] ?? [code, "look at that place, or name another file with --config"];
  return new OidcTokenError(
    "configuration",
    `cannot write ${printable(path)}: ${reason}`,
    `nothing was changed; ${hint}`,
    { cause: error },
  );
}

const PERMISSION = ["permission denied", "look at the owner and mode of its folder"] as const;
const SPACE = ["no space left", "free some space there and run the command again"] as const;

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  EROFS: ["the file system is read-only", "name another file with --config"],
  ENOSPC: SPACE,
  EDQUOT: SPACE,
  ENOENT: [
    "its folder does not exist and cannot be made",
    "make the folder, or name another file with --config",
  ],
  ENOTDIR: ["a part of that path is not a folder", "correct the path, or name another file with --config"],
  EEXIST: ["a part of that path is not a folder", "correct the path, or name another file with --config"],
  ELOOP: ["it is a link that leads nowhere", "correct the link"],
};
