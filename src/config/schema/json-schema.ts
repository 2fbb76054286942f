import { toJsonSchema } from "@valibot/to-json-schema";
import { fileSchema } from "./file.js";

/** The JSON Schema (draft-07) of the configuration file, for editors; made of the schema that checks the file. */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = toJsonSchema(fileSchema, {
    target: "draft-07",
    typeMode: "input",
    // Rules that JSON Schema has no words for; the program itself still checks them.
    ignoreActions: ["raw_check", "check", "transform", "raw_transform"],
  });
  return {
    $schema,
    $id: "urn:oidc-token:configuration",
    title: "Configuration of oidc-token",
    // Two words of editors, not of JSON Schema: the file is JSONC.
    allowComments: true,
    allowTrailingCommas: true,
    ...schema,
  };
}
