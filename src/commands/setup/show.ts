import { createTwoFilesPatch } from "diff";
import kleur from "kleur";
import type { Context } from "../../context.js";

/** Keys of other programs' files whose values nobody should read over a shoulder. */
const SECRET = /((?:auth|_authToken|_password|token|secret|password|pass|api_?key)"?\s*[:=]\s*"?)[^\s",}]+/gi;

/** A change of a file as a diff, on stderr, without what looks like a secret. */
export function showDiff(context: Context, path: string, before: string, after: string | undefined): void {
  const name = (text: string | undefined): string => (text === undefined ? "(none)" : path);
  const patch = createTwoFilesPatch(name(before || undefined), name(after), before, after ?? "", "", "", {
    context: 1,
  });
  const lines = patch
    .replace(/^=+\n/, "")
    .split("\n")
    .map((line) => colour(context.redactor.apply(line.replace(SECRET, "$1***"))));
  context.stderr.write(`${lines.join("\n").trimEnd()}\n`);
}

function colour(line: string): string {
  if (line.startsWith("+")) return kleur.green(line);
  return line.startsWith("-") ? kleur.red(line) : line;
}
