import { homedir } from "node:os";

/** A word with its quotes, or what parts words and commands. */
const TOKEN = /(?:[^\s"'\\;|&<>()`]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+|\|\||[;|&()`\n]|[<>]+/g;
/** A text after the command, up to its mark; a script where the command is a shell. */
const HERE_DOCUMENT = /<<-?[ \t]*(["']?)(\w+)\1([^\n]*)(\n[\s\S]*?(?:\n[\t ]*\2(?=\n|$)|$))/g;
const SHELL = /(?:^|[\s;|&/])(?:ba|da|k|z)?sh\b/;
/** Words that one with braces is taken for. */
const MOST_WORDS = 64;

/** The tokens of a command line, without texts that are no script. */
export function tokensOf(command: string): readonly string[] {
  return withoutTexts(command.replaceAll("\\\n", "")).match(TOKEN) ?? [];
}

function withoutTexts(command: string): string {
  return command.replace(HERE_DOCUMENT, (_all, _quote, _mark, tail: string, body: string, at: number) => {
    const line = command.slice(command.lastIndexOf("\n", at) + 1, at) + tail;
    return SHELL.test(line) ? tail + body : tail;
  });
}

/** A word as the program gets it, its quotes taken away. */
export function unquoted(token: string): string {
  return token.replace(/\$?"((?:[^"\\]|\\[\s\S])*)"|\$?'([^']*)'|\\([\s\S])/g, (_all, double, single, one) =>
    double !== undefined ? double.replace(/\\([\\"$`])/g, "$1") : (single ?? one),
  );
}

/** The same, with the home folder and the variables put in. */
export function expand(token: string, variables: ReadonlyMap<string, string>): string {
  return unquoted(token)
    .replace(/^~(?=$|\/)|(?<==)~(?=\/)/, homedir())
    .replace(/\$(?:(\w+)|\{(\w+)[^}]*\})/g, (_all, plain, braced) => {
      const name: string = plain ?? braced;
      return variables.get(name) ?? process.env[name] ?? "";
    });
}

/** The words that a shell makes of one with braces. */
export function alternatives(word: string): readonly string[] {
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
export function mentioned(word: string): ReadonlySet<string> {
  const parts = ["=", "@", "file://"].map((mark) => {
    const at = word.indexOf(mark);
    return at < 0 ? word : word.slice(at + mark.length);
  });
  return new Set([word, ...parts]);
}
