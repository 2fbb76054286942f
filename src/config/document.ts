import type { Stats } from "node:fs";
import * as v from "valibot";
import { OidcTokenError } from "../errors.js";
import { readConfigText } from "../files/config-file.js";
import { type Document, type KeyPath, parseJsonc } from "../files/jsonc.js";
import type { Complaint } from "../text.js";
import { findingOf } from "./schema/issue.js";

/** A configuration file, parsed, as `readConfigText` reads it; the OidcTokenError names file, line and column. */
export function readDocument(path: string, check?: (stats: Stats) => void): Document | undefined {
  const text = readConfigText(path, check);
  return text === undefined ? undefined : parseJsonc(path, text);
}

/** What is wrong at one place of a document. */
export interface Problem extends Complaint {
  readonly path: KeyPath;
  /** `file:line:column`. */
  readonly at: string;
}

/** What a document holds by its schema, or every problem in it, in the order of the file. */
export type Checked<T> = { readonly output: T } | { readonly problems: readonly Problem[] };

/** Checks a document by its schema; `name` and `known` as findingOf takes them. */
export function checkDocument<T extends v.GenericSchema>(
  schema: T,
  document: Document,
  name: (path: KeyPath) => string,
  known: (path: KeyPath) => readonly string[],
): Checked<v.InferOutput<T>> {
  const result = v.safeParse(schema, document.value);
  if (result.success) return { output: result.output };
  const problems = result.issues
    .map((issue) => findingOf(issue, name, known))
    .sort((a, b) => document.offset(a.path, a.concerns) - document.offset(b.path, b.concerns))
    .map(({ concerns, ...finding }) => ({ ...finding, at: document.at(finding.path, concerns) }));
  return { problems };
}

/** What a document holds by its schema. Throws an OidcTokenError about the problem that comes first in the file. */
export function validateDocument<T extends v.GenericSchema>(
  ...asked: Parameters<typeof checkDocument<T>>
): v.InferOutput<T> {
  const checked = checkDocument(...asked);
  if ("output" in checked) return checked.output;
  const [first] = checked.problems;
  if (!first) throw new Error("a failed validation without an issue");
  throw new OidcTokenError("configuration", `${first.at}: ${first.sentence}`, first.hint);
}
