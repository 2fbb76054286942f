import { homedir } from "node:os";
import { resolve } from "node:path";
import { type Named, placed } from "./named.js";
import { alternatives, expand, mentioned, tokensOf, unquoted } from "./shell-words.js";
import { SEARCHING, SimpleCommand } from "./simple-command.js";

const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s;
const PARTING = /^(?:\|\||[;|&()`\n])$/;
/** Their words are only shown, unless a pipe or a substitution hands them on. */
const SHOWING = /^(?:echo|printf)$/;
/** The word after these is a script of its own. */
const SCRIPT = /^-[a-z]*c$|^eval$/;
/** The word after such an option of theirs is a program, and a text in it may be a path. */
const INTERPRETER = /^(?:node|bun|deno|perl|ruby|php|lua|python[\d.]*)$/;
const PROGRAM = /^-[a-z]*[ceprE]$|^--(?:eval|print)$/;
const TEXT = /(["'`])((?:(?!\1)[^\\]|\\[\s\S])*)\1/g;
const MOST_NESTED = 4;

/**
 * The words of a shell's command line, each as the path it may be: after `cd`, through variables that the line itself
 * or the environment sets, and in scripts within it. A word that is only part of a longer text is no path.
 */
export function shellPaths(command: string, directory: string): readonly Named[] {
  return new CommandLine(directory, 0).read(command);
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
    for (const token of tokensOf(command)) {
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
