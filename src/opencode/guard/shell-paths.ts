import { homedir } from "node:os";
import { resolve } from "node:path";

/** A path that a call names. */
export interface Named {
  /** Absolute; links are not followed yet. */
  readonly path: string;
  /** Everything below it is read. */
  readonly searches?: boolean;
  /** A shell expands it. */
  readonly has_globs?: boolean;
}

/** A word with its quotes, or what parts words and commands. */
const TOKEN = /(?:[^\s"'\\;|&<>()`]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+|[;|&()`\n]|[<>]+/g;
const PARTING = /^[;|&()`\n]$/;
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s;
/** Their words are only shown. */
const SHOWING = ["echo", "printf"];
/** The word after these is a script of its own. */
const SCRIPT = /^-[a-z]*c$|^eval$/;
/** A text after the command, up to its mark; a script where the command is a shell. */
const HERE_DOCUMENT = /<<-?[ \t]*(["']?)(\w+)\1([^\n]*)(\n[\s\S]*?(?:\n[\t ]*\2(?=\n|$)|$))/g;
const SHELL = /(?:^|[\s;|&/])(?:ba|da|k|z)?sh\b/;
const MOST_NESTED = 4;

/**
 * The words of a shell's command line, each as the path it may be: after `cd`, through variables that the line itself
 * or the environment sets, and in scripts within it. A word that is only part of a longer text is no path.
 */
export function shellPaths(command: string, directory: string, depth = 0): readonly Named[] {
  const paths: Named[] = [];
  const variables = new Map([["HOME", homedir()]]);
  let cwd = directory;
  let program: string | undefined;
  let before = "";
  let is_comment = false;
  for (const [token] of withoutTexts(command).matchAll(TOKEN)) {
    if (token === "\n") is_comment = false;
    else if (token.startsWith("#")) is_comment = true;
    if (is_comment) continue;
    if (PARTING.test(token)) {
      program = undefined;
      before = "";
      continue;
    }
    if (/^[<>]+$/.test(token)) {
      before = token;
      continue;
    }
    const word = expand(token, variables);
    const script = SCRIPT.test(before) || /\$\(|`/.test(token);
    if (script && depth < MOST_NESTED) paths.push(...shellPaths(unquoted(token), cwd, depth + 1));
    const [, name, value] = ASSIGNMENT.exec(word) ?? [];
    if (program === undefined && name !== undefined) variables.set(name, value ?? "");
    else if (program === undefined) program = word;
    else if (program === "cd" || program === "pushd") cwd = resolve(cwd, word);
    if (!SHOWING.includes(program ?? "") || /^[<>]/.test(before)) {
      // `--file=path` names a path as well.
      for (const text of new Set([word, word.slice(word.indexOf("=") + 1)])) {
        if (text === "" || text.includes("\0")) continue;
        paths.push({ path: resolve(cwd, text), has_globs: /[*?[{]/.test(token) && /[*?[{]/.test(text) });
      }
    }
    before = word;
  }
  return paths;
}

function withoutTexts(command: string): string {
  return command.replace(HERE_DOCUMENT, (_all, _quote, _mark, tail: string, body: string, at: number) => {
    const line = command.slice(command.lastIndexOf("\n", at) + 1, at) + tail;
    return SHELL.test(line) ? tail + body : tail;
  });
}

function unquoted(token: string): string {
  return token.replace(/"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|\\([\s\S])/g, (_all, double, single, one) =>
    double !== undefined ? double.replace(/\\([\\"$`])/g, "$1") : (single ?? one),
  );
}

function expand(token: string, variables: ReadonlyMap<string, string>): string {
  return unquoted(token)
    .replace(/^~(?=$|\/)|(?<==)~(?=\/)/, homedir())
    .replace(/\$(?:(\w+)|\{(\w+)\})/g, (_all, plain, braced) => {
      const name: string = plain ?? braced;
      return variables.get(name) ?? process.env[name] ?? "";
    });
}
