import type { Stats } from "node:fs";
import * as v from "valibot";
import { OidcTokenError } from "../errors.js";
import { type Document, type KeyPath, parseJsonc } from "../files/jsonc.js";
import { readText } from "../files/read.js";
import { findingOf } from "./schema/issue.js";

const MOST_BYTES = 1024 * 1024;

/**
 * Reads a configuration file. Undefined where there is none; an OidcTokenError of kind `configuration` that names
 * file, line and column where it can't be read, or `check` does not want it.
 */
export function readDocument(path: string, check?: (stats: Stats) => void): Document | undefined {
  const text = readText(path, {
    most_bytes: MOST_BYTES,
    what: "a configuration file",
    ...(check && { check }),
  });
  return text === undefined ? undefined : parseJsonc(path, text);
}

/**
 * What a document holds by its schema. Throws an OidcTokenError about the problem that comes first in the file; `name`
 * and `known` as findingOf takes them.
 */
export function validateDocument<T extends v.GenericSchema>(
  schema: T,
  document: Document,
  name: (path: KeyPath) => string,
  known: (path: KeyPath) => readonly string[],
): v.InferOutput<T> {
  const result = v.safeParse(schema, document.value);
  if (result.success) return result.output;
  const [first] = result.issues
    .map((issue) => findingOf(issue, name, known))
    .sort((a, b) => document.offset(a.path, a.concerns) - document.offset(b.path, b.concerns));
  if (!first) throw new Error("a failed validation without an issue");
  const at = document.at(first.path, first.concerns);
  throw new OidcTokenError("configuration", `${at}: ${first.sentence}`, first.hint);
}
