import type { GlobalOptions } from "../arguments.js";
import { checkConfig } from "../config/check.js";
import { configPath, loadConfig, nearestVariable, unknownVariables } from "../config/load.js";
import { maskProfile } from "../config/mask.js";
import { schemaText, writeSchemaCopy } from "../config/schema/copy.js";
import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { tell } from "../terminal/tell.js";
import { printable } from "../text.js";

/** `config path`: the user's configuration file, whether it exists or not. */
export function showPath(context: Context, options: GlobalOptions): void {
  context.stdout.write(`${configPath(context, options)}\n`);
}

/** `config show`: what is in force after files, environment and defaults, with secrets masked. */
export function show(context: Context, options: GlobalOptions): void {
  const config = loadConfig(context, options);
  const names = options.profile === undefined ? config.names : [options.profile];
  const profiles = Object.fromEntries(names.map((name) => [name, maskProfile(config.profile(name))]));
  for (const name of unknownVariables(context.env)) {
    const meant = nearestVariable(name);
    const suggestion = meant === undefined ? "" : `; did you mean ${meant}?`;
    tell(context, `the variable ${printable(name)} is none that this program reads${suggestion}`);
  }
  context.stdout.write(
    `${JSON.stringify({ files: config.files, store: config.store, profiles }, null, 2)}\n`,
  );
}

/** `config check`: everything that is wrong, or may be, in every profile or the one named; ends with 0 where all is well. */
export function check(context: Context, options: GlobalOptions): void {
  const { path, names, findings } = checkConfig(context, options);
  const errors = findings.filter(({ severity }) => severity === "error");
  for (const { severity, sentence, hint } of findings) {
    if (severity === "error" && errors.length === 1) continue;
    tell(context, severity === "error" ? sentence : `warning: ${sentence}`);
    tell(context, `hint: ${hint}`);
  }
  const [first, ...more] = errors;
  if (first && more.length > 0) {
    throw new OidcTokenError(
      "configuration",
      `${errors.length} errors in the configuration`,
      `correct them in ${printable(path)}, then run oidc-token config check again`,
    );
  }
  if (first) throw new OidcTokenError("configuration", first.sentence, first.hint);
  const warnings = findings.length === 0 ? "" : `, ${counted(findings.length, "warning")}`;
  context.stdout.write(`${counted(names.length, "profile")}, no error${warnings}\n`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `config schema`: the JSON Schema of the file, or with `--path` where an editor finds a copy of it. */
export function schema(context: Context, options: { readonly path?: boolean }): void {
  context.stdout.write(options.path ? `${writeSchemaCopy(context.paths.data)}\n` : schemaText());
}
