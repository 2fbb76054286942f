import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OidcTokenError } from "../../errors.js";
import { jsonSchema } from "./json-schema.js";

/** The JSON Schema of the configuration file, as text. */
export function schemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`;
}

/** Writes the JSON Schema into this folder and answers its path. Throws an OidcTokenError of kind `configuration`. */
export function writeSchemaCopy(dir: string): string {
  const path = join(dir, "config.schema.json");
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.${process.pid}`, schemaText());
    renameSync(`${path}.${process.pid}`, path);
  } catch (cause) {
    throw new OidcTokenError(
      "configuration",
      `cannot write ${path}`,
      "print it instead: oidc-token config schema",
      {
        cause,
      },
    );
  }
  return path;
}
