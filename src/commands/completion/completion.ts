import { parseChoice } from "../../arguments.js";
import type { Context } from "../../context.js";
import { SCRIPTS, type Shell } from "./scripts.js";

/** `completion`: the script that has a shell ask `oidc-token complete` what may come next. */
export function completion(context: Context, _options: object, [shell = ""]: readonly string[]): void {
  const known = parseChoice("completion", shell, Object.keys(SCRIPTS) as Shell[]);
  context.stdout.write(SCRIPTS[known]);
}
