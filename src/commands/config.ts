import type { GlobalOptions } from "../arguments.js";
import { configPath, loadConfig, nearestVariable, unknownVariables } from "../config/load.js";
import { maskProfile } from "../config/mask.js";
import { schemaText, writeSchemaCopy } from "../config/schema/copy.js";
import { exposedSecrets, resolveReference } from "../config/secrets.js";
import type { Context } from "../context.js";
import { type AnyReference, isText, REFERENCE_KEYS } from "../profile.js";
import { tell } from "../terminal/tell.js";

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
    tell(context, `the variable ${name} is none that this program reads${suggestion}`);
  }
  context.stdout.write(
    `${JSON.stringify({ files: config.files, store: config.store, profiles }, null, 2)}\n`,
  );
}

/** `config check`: reads every profile and follows every reference to a secret; ends with 0 where all is well. */
export function check(context: Context, options: GlobalOptions): void {
  const config = loadConfig(context, options);
  for (const name of config.names) {
    const profile = config.profile(name);
    for (const key of REFERENCE_KEYS) {
      const reference: AnyReference | undefined = profile[key];
      if (reference && isText(reference)) resolveReference(reference, key, context);
    }
    for (const sentence of exposedSecrets(profile, config.path, context.platform)) tell(context, sentence);
  }
  context.stdout.write(`${config.names.length} profile${config.names.length === 1 ? "" : "s"}, no error\n`);
}

/** `config schema`: the JSON Schema of the file, or with `--path` where an editor finds a copy of it. */
export function schema(context: Context, options: { readonly path?: boolean }): void {
  context.stdout.write(options.path ? `${writeSchemaCopy(context.paths.data)}\n` : schemaText());
}
