import { homedir } from "node:os";
import { basename, isAbsolute, resolve } from "node:path";

/** A path that a call names. */
export interface Named {
  /** Absolute, as it is written: `..` may come after a link, and links are not followed yet. */
  readonly path: string;
  /** Everything below it is read. */
  readonly searches?: boolean;
  /** A shell expands it. */
  readonly has_globs?: boolean;
}

/** A word with its quotes, or what parts words and commands. */
const TOKEN = /(?:[^\s"'\\;|&<>()`]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+|\|\||[;|&()`\n]|[<>]+/g;
const PARTING = /^(?:\|\||[;|&()`\n])$/;
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s;
/** Their words are only shown, unless a pipe or a substitution hands them on. */
const SHOWING = /^(?:echo|printf)$/;
/** The word after these is a script of its own. */
const SCRIPT = /^-[a-z]*c$|^eval$/;
/** The word after such an option of theirs is a program, and a text in it may be a path. */
const INTERPRETER = /^(?:node|bun|deno|perl|ruby|php|lua|python[\d.]*)$/;
const PROGRAM = /^-[a-z]*[ceprE]$|^--(?:eval|print)$/;
const TEXT = /(["'`])((?:(?!\1)[^\\]|\\[\s\S])*)\1/g;
/** Their first word is what they look for; or what follows one option, or is in it; or what is in a file that another names. */
const SEARCHING = /^(?:rg|ag|ack|[ef]?grep)$/;
const SOUGHT_NEXT = /^-[A-Za-z]*e$|^--regexp$/;
const SOUGHT_BY_OPTION = /^-[A-Za-z]*[ef]|^--(?:regexp|file)\b/;
/** They look into folders: always, or with an option. */
const RECURSIVE = /^(?:rg|ag|ack)$/;
const RECURSIVE_BY_OPTION = /^-[A-Za-z]*[rR]|^--(?:dereference-)?recursive$/;
/** A text after the command, up to its mark; a script where the command is a shell. */
const HERE_DOCUMENT = /<<-?[ \t]*(["']?)(\w+)\1([^\n]*)(\n[\s\S]*?(?:\n[\t ]*\2(?=\n|$)|$))/g;
const SHELL = /(?:^|[\s;|&/])(?:ba|da|k|z)?sh\b/;
const MOST_NESTED = 4;
/** Words that one with braces is taken for. */
const MOST_WORDS = 64;

/**
 * The words of a shell's command line, each as the path it may be: after `cd`, through variables that the line itself
 * or the environment sets, and in scripts within it. A word that is only part of a longer text is no path.
 */
export function shellPaths(command: string, directory: string): readonly Named[] {
  return new CommandLine(directory, 0).read(command);
}

/** A path in a folder, as it is written. */
export function placed(path: string, folder: string): string {
  return isAbsolute(path) ? path : `${folder}/${path}`;
}

class CommandLine {
  readonly #depth: number;
  readonly #variables = new Map([["HOME", homedir()]]);
  readonly #paths: Named[] = [];
  #cwd: string;
  #simple = new SimpleCommand();
  /** Whether the command under way has the output of another for its input, and whether its own becomes words. */
  #is_fed = false;
  #is_substituted = false;

  constructor(directory: string, depth: number) {
    this.#cwd = directory;
    this.#depth = depth;
  }

  read(command: string): readonly Named[] {
    let is_comment = false;
    for (const [token] of withoutTexts(command.replaceAll("\\\n", "")).matchAll(TOKEN)) {
      if (token === "\n") is_comment = false;
      else if (token.startsWith("#")) is_comment = true;
      if (is_comment) continue;
      if (PARTING.test(token)) this.#end(token);
      else if (/^[<>]+$/.test(token)) this.#simple.before = token;
      else this.#word(token);
    }
    this.#end("\n");
    return this.#paths;
  }

  /** Ends the command under way at what parts it from the next. */
  #end(parting: string): void {
    const { program = "", before, paths, searches, is_aimed } = this.#simple;
    const only_shown = SHOWING.test(program) && parting !== "|" && !this.#is_substituted;
    if (!only_shown) this.#paths.push(...paths.map((named) => ({ ...named, searches })));
    if (searches && !is_aimed && !this.#is_fed) this.#paths.push({ path: this.#cwd, searches });
    if (parting === "(") this.#is_substituted = before.endsWith("$");
    else if (parting === ")") this.#is_substituted = false;
    else if (parting === "`") this.#is_substituted = !this.#is_substituted;
    this.#is_fed = parting === "|";
    this.#simple = new SimpleCommand();
  }

  #word(token: string): void {
    const simple = this.#simple;
    const { program, before } = simple;
    const word = expand(token, this.#variables.set("PWD", this.#cwd));
    simple.before = word;
    const is_script = SCRIPT.test(before) && !SEARCHING.test(program ?? "");
    if ((is_script || /\$\(|`/.test(token)) && this.#depth < MOST_NESTED) {
      this.#paths.push(...new CommandLine(this.#cwd, this.#depth + 1).read(unquoted(token)));
    }
    if (INTERPRETER.test(program ?? "") && PROGRAM.test(before)) {
      for (const [, , text = ""] of unquoted(token).matchAll(TEXT)) this.#name(text, false, this.#paths);
    }
    const has_globs = /[*?[{]/.test(token);
    const is_redirected = /^[<>]/.test(before);
    const [, name, value] = ASSIGNMENT.exec(word) ?? [];
    if (program === undefined && name !== undefined) this.#variables.set(name, value ?? "");
    else if (!is_redirected && simple.passes(word)) return;
    else if (program === "cd" || program === "pushd") this.#cwd = resolve(this.#cwd, word);
    for (const each of has_globs ? alternatives(word) : [word]) {
      for (const text of mentioned(each))
        this.#name(text, has_globs, is_redirected ? this.#paths : simple.paths);
    }
  }

  #name(text: string, has_globs: boolean, among: Named[]): void {
    if (text === "" || text.includes("\0")) return;
    among.push({ path: placed(text, this.#cwd), has_globs: has_globs && /[*?[{]/.test(text) });
  }
}

/** One command of a line. */
class SimpleCommand {
  program: string | undefined;
  before = "";
  readonly paths: Named[] = [];
  searches = false;
  /** Whether a searching program is told where to look. */
  is_aimed = false;
  #seeks = false;

  /** Takes a word, and says whether it is what the command looks for, which is no path. */
  passes(word: string): boolean {
    if (this.program === undefined) {
      this.program = basename(word);
      this.searches = RECURSIVE.test(this.program);
      this.#seeks = SEARCHING.test(this.program);
      return false;
    }
    if (!SEARCHING.test(this.program)) return false;
    if (word.startsWith("-")) {
      if (SOUGHT_BY_OPTION.test(word)) this.#seeks = SOUGHT_NEXT.test(word);
      if (RECURSIVE_BY_OPTION.test(word)) this.searches = true;
      return false;
    }
    const is_sought = this.#seeks;
    this.#seeks = false;
    this.is_aimed ||= !is_sought;
    return is_sought;
  }
}

function withoutTexts(command: string): string {
  return command.replace(HERE_DOCUMENT, (_all, _quote, _mark, tail: string, body: string, at: number) => {
    const line = command.slice(command.lastIndexOf("\n", at) + 1, at) + tail;
    return SHELL.test(line) ? tail + body : tail;
  });
}

function unquoted(token: string): string {
  return token.replace(/\$?"((?:[^"\\]|\\[\s\S])*)"|\$?'([^']*)'|\\([\s\S])/g, (_all, double, single, one) =>
    double !== undefined ? double.replace(/\\([\\"$`])/g, "$1") : (single ?? one),
  );
}

function expand(token: string, variables: ReadonlyMap<string, string>): string {
  return unquoted(token)
    .replace(/^~(?=$|\/)|(?<==)~(?=\/)/, homedir())
    .replace(/\$(?:(\w+)|\{(\w+)[^}]*\})/g, (_all, plain, braced) => {
      const name: string = plain ?? braced;
      return variables.get(name) ?? process.env[name] ?? "";
    });
}

/** The words that a shell makes of one with braces. */
function alternatives(word: string): readonly string[] {
  let words = [word];
  for (;;) {
    const next = words.flatMap((each) => {
      const [, head, list = "", tail] = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(each) ?? [];
      return head === undefined ? [each] : list.split(",").map((one) => head + one + tail);
    });
    if (next.length === words.length || next.length > MOST_WORDS) return words;
    words = next;
  }
}

/** The paths a word may be: as it is, and what follows in `--file=path`, `@path` and `file://path`. */
function mentioned(word: string): ReadonlySet<string> {
  const parts = ["=", "@", "file://"].map((mark) => {
    const at = word.indexOf(mark);
    return at < 0 ? word : word.slice(at + mark.length);
  });
  return new Set([word, ...parts]);
}
