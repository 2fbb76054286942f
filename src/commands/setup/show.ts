import { createTwoFilesPatch } from "diff";
import kleur from "kleur";
import type { Context } from "../../context.js";

/** Values of other programs' files that nobody should read over a shoulder: by their key, and in an address. */
const SECRETS = [
  /((?<![\w-])(?:\w*_)?(?:auth|authToken|token|secret|pass|password|api_?key|client-key-data)"?\s*[:=]\s*"?)[^\s",{[}][^\s",}]*/gi,
  /(:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/g,
] as const;

/** A change of a file as a diff, on stderr, without what looks like a secret. */
export function showDiff(context: Context, path: string, before: string, after: string | undefined): void {
  const name = (text: string | undefined): string => (text === undefined ? "(none)" : path);
  const patch = createTwoFilesPatch(name(before || undefined), name(after), before, after ?? "", "", "", {
    context: 1,
  });
  const lines = patch
    .replace(/^(?:Index: .*\n)?=+\n/, "")
    .split("\n")
    .map((line) => colour(context.redactor.apply(hidden(line))));
  context.stderr.write(`${lines.join("\n").trimEnd()}\n`);
}

function hidden(line: string): string {
  return SECRETS.reduce((text, secret) => text.replace(secret, "$1***"), line);
}

function colour(line: string): string {
  if (line.startsWith("+")) return kleur.green(line);
  return line.startsWith("-") ? kleur.red(line) : line;
}
