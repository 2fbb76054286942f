import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import { type Named, placed } from "./named.js";
import { shellPaths } from "./shell-paths.js";

/** A tool of OpenCode 1.18, or of an MCP server, and what it was called with. */
export interface ToolCall {
  readonly tool: string;
  readonly args: unknown;
}

/** Where OpenCode works: its folder, and the root of the repository, which mentions are relative to. */
export interface Place {
  readonly directory: string;
  readonly worktree?: string;
}

const SEARCHES = ["grep", "glob", "list"];
const SHELLS = ["bash", "shell"];
/** What tools call a path: `filePath` (read, edit, write, lsp), `path` (grep, glob), `workdir` (bash); the rest is MCP servers'. */
const PATH_KEY = /(?:path|file|file_?name|dir|directory|folder)s?$|^(?:cwd|root|source|destination|target)$/i;
/** Such an address is a path, whatever it is called. */
const FILE_ADDRESS = /^file:\/\//i;
/** The head of each file's part in what `apply_patch` takes. */
const PATCHED = /^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$/gm;
/** A file that a prompt brings along: OpenCode reads it into a sub-agent's first message, past every hook. */
const MENTIONED = /(?<![\w`])@(\.?[^\s`,.]*(?:\.[^\s`,.]+)*)/g;
const MOST_NESTED = 8;

/** The paths of a call, and of the calls within it. Only what is a path: text that speaks of one is nobody's business. */
export function namedPaths({ tool, args }: ToolCall, place: Place): readonly Named[] {
  const { directory, worktree = directory } = place;
  const paths: Named[] = [];
  if (typeof args !== "object" || args === null) return paths;
  const { command, workdir, patchText, prompt, path } = args as Record<string, unknown>;
  if (SEARCHES.includes(tool)) {
    paths.push({ path: absolute(typeof path === "string" ? path : ".", directory), searches: true });
  }
  if (SHELLS.includes(tool) && typeof command === "string") {
    paths.push(...shellPaths(command, absolute(typeof workdir === "string" ? workdir : ".", directory)));
  }
  const within: readonly [unknown, RegExp, string][] = [
    [patchText, PATCHED, directory],
    [prompt, MENTIONED, worktree],
  ];
  for (const [text, pattern, base] of within) {
    if (typeof text !== "string") continue;
    for (const [, name = ""] of text.matchAll(pattern)) paths.push({ path: absolute(name, base) });
  }
  paths.push(...inKeys(args, place, 0));
  return paths;
}

function inKeys(args: object, place: Place, depth: number): Named[] {
  if (depth > MOST_NESTED) return [];
  return Object.entries(args).flatMap(([key, value]): Named[] => {
    if (key === "tool_calls" && Array.isArray(value)) return value.flatMap((call) => nested(call, place));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return inKeys(value, place, depth + 1);
    }
    const items: unknown[] = Array.isArray(value) ? value : [value];
    return items.flatMap((item): readonly Named[] => {
      if (typeof item === "object" && item !== null) return inKeys(item, place, depth + 1);
      return typeof item === "string" && (PATH_KEY.test(key) || FILE_ADDRESS.test(item))
        ? [{ path: absolute(item, place.directory) }]
        : [];
    });
  });
}

/** A call in a list of calls, as `batch` takes them. */
function nested(call: unknown, place: Place): readonly Named[] {
  const { tool, parameters, args } = (call ?? {}) as Record<string, unknown>;
  return namedPaths({ tool: String(tool), args: parameters ?? args }, place);
}

function absolute(path: string, directory: string): string {
  if (FILE_ADDRESS.test(path)) {
    try {
      return fileURLToPath(path);
    } catch {
      return path;
    }
  }
  return placed(path.replace(/^~(?=$|[/\\])/, homedir()), directory);
}
