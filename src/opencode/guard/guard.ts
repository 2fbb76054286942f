import { readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, parse, resolve, sep } from "node:path";
import type { Named } from "./named.js";
import { namedPaths, type Place, type ToolCall } from "./tool-paths.js";

const REFUSED = "oidc-token keeps its store and the files that hold its secrets from tools";
/** Where Linux shows the environment of a process, OpenCode's own among them: its shells are rid of the secrets in there. */
const ENVIRONMENT = /^\/proc\/(?:.+\/)?environ$/;
const MOST_LINKS = 40;
/** Characters; nothing opens a longer path. */
const LONGEST = 4096;

/**
 * Throws where a tool's path leads to a secret, links followed on both sides, and where a search would come across one.
 * Defence in depth and no wall: an agent with a shell finds other ways.
 */
export function guard(call: ToolCall, place: Place, secrets: readonly string[]): void {
  const kept = secrets.map((secret) => realOf(secret));
  const seen = new Set<string>();
  const short = namedPaths(call, place).filter(({ path }) => path.length <= LONGEST);
  for (const named of short.flatMap(bothWays)) {
    const key = JSON.stringify(named);
    if (seen.has(key)) continue;
    seen.add(key);
    const path = named.has_globs ? realBeforeGlobs(named.path) : realOf(named.path);
    if (ENVIRONMENT.test(path) || kept.some((secret) => leadsInto(path, secret, named))) {
      throw new Error(REFUSED);
    }
    if (named.searches && kept.some((secret) => isWithin(secret, path))) {
      throw new Error(`${REFUSED}: search in a folder that has none of them below it`);
    }
  }
}

/** `..` takes back the name before it for some programs, and where the system opens the path, what a link there leads to. */
function bothWays(named: Named): readonly Named[] {
  return [resolve, upFromLinks].map((way) => ({ ...named, path: way(named.path) }));
}

/** The path without `..`, as the system goes it. Bun's `realpath` takes the names away first. */
function upFromLinks(path: string): string {
  const { root } = parse(path);
  const step = (at: string, part: string) => (part === ".." ? dirname(realOf(at)) : join(at, part));
  return path.slice(root.length).split(sep).reduce(step, root);
}

function leadsInto(path: string, secret: string, { has_globs }: Named): boolean {
  if (!has_globs) return isWithin(path, secret);
  const patterns = path.split(sep);
  const parts = secret.split(sep);
  return patterns.length >= parts.length && parts.every((part, at) => globOf(patterns[at] ?? "").test(part));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** One part of a shell's pattern; what is in brackets or braces may be anything. */
function globOf(pattern: string): RegExp {
  const text = pattern
    .replace(/\[[^\]]*\]|\{[^}]*\}|\*+/g, "*")
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${text}$`, "s");
}

function realBeforeGlobs(path: string): string {
  const parts = path.split(sep);
  const first = parts.findIndex((part) => /[*?[{]/.test(part));
  return join(realOf(parts.slice(0, first).join(sep) || sep), ...parts.slice(first));
}

/** The path without links; of what is not there, where it would be written. */
function realOf(path: string, links = 0): string {
  try {
    return realpathSync.native(path);
  } catch {
    if (dirname(path) === path || links > MOST_LINKS) return path;
  }
  const place = join(realOf(dirname(path), links + 1), basename(path));
  try {
    return realOf(resolve(dirname(place), readlinkSync(place)), links + 1);
  } catch {
    return place;
  }
}
