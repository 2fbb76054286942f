import { basename } from "node:path";
import type { Named } from "./named.js";

/** Their first word is what they look for; or what follows one option, or is in it; or what is in a file that another names. */
export const SEARCHING = /^(?:rg|ag|ack|[ef]?grep)$/;
const SOUGHT_NEXT = /^-[A-Za-z]*e$|^--regexp$/;
const SOUGHT_BY_OPTION = /^-[A-Za-z]*[ef]|^--(?:regexp|file)\b/;
/** They look into folders: always, or with an option. */
const RECURSIVE = /^(?:rg|ag|ack)$/;
const RECURSIVE_BY_OPTION = /^-[A-Za-z]*[rR]|^--(?:dereference-)?recursive$/;

/** One command of a line. */
export class SimpleCommand {
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
