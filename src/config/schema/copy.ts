import { join } from "node:path";
import { configError } from "../../files/config-error.js";
import { makeFolder } from "../../files/folder.js";
import { replaceFile } from "../../files/replace.js";
import { jsonSchema } from "./json-schema.js";

/** The JSON Schema of the configuration file, as text. */
export function schemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`;
}

/** Writes the JSON Schema into this folder and answers its path. Throws an OidcTokenError of kind `configuration`. */
export function writeSchemaCopy(dir: string): string {
  const path = join(dir, "config.schema.json");
  try {
    makeFolder(dir);
    replaceFile(path, schemaText(), { durable: false });
  } catch (error) {
    throw configError(
      error,
      { action: "write", path },
      { hint: "print it instead: oidc-token config schema" },
    );
  }
  return path;
}
