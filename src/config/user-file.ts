import type { InferOutput } from "valibot";
import type { Document, KeyPath } from "../files/jsonc.js";
import { checkOwn } from "../files/read.js";
import { given } from "../given.js";
import { checkDocument, readDocument, validateDocument } from "./document.js";
import type { Report } from "./finding.js";
import { knownIn, nameIn } from "./key-names.js";
import { fileEntries, fileSchema } from "./schema/file.js";

/** The user's own configuration file, read and checked. */
export interface UserFile {
  readonly values: InferOutput<typeof fileSchema>;
  readonly at: Document["at"];
}

/**
 * Undefined where there is no such file. Throws an OidcTokenError of kind `configuration` where something is wrong in
 * it; with `report` only where it can't be read at all, and leaves out what is wrong.
 */
export function readUserFile(path: string, report?: Report): UserFile | undefined {
  const document = readDocument(path, checkOwn);
  if (!document) return undefined;
  const read = (whole: Document) =>
    validateDocument(fileSchema, whole, nameIn("the configuration"), knownIn(fileEntries));
  if (!report) return { values: read(document), at: document.at };
  const checked = checkDocument(fileSchema, document, nameIn("the configuration"), knownIn(fileEntries));
  if ("output" in checked) return { values: checked.output, at: document.at };
  for (const { path: where, at, sentence, hint } of checked.problems) {
    const profile = where[0] === "profiles" && where.length > 1 ? String(where[1]) : undefined;
    report({ severity: "error", sentence: `${at}: ${sentence}`, hint, ...given({ profile }) });
  }
  const paths = checked.problems.map((problem) => problem.path);
  return { values: read({ ...document, value: without(document.value, paths) }), at: document.at };
}

/** The value without the profiles, or the keys at its top, that something is wrong with. */
function without(value: unknown, paths: readonly KeyPath[]): unknown {
  if (paths.some((path) => path.length === 0)) return {};
  const kept = Object.entries(value as object).filter(
    ([key]) => !paths.some(([top, ...rest]) => top === key && (key !== "profiles" || rest.length === 0)),
  );
  const bad = paths.filter(([top]) => top === "profiles").map(([, profile]) => profile);
  return Object.fromEntries(
    kept.map(([key, part]) => [
      key,
      key === "profiles"
        ? Object.fromEntries(Object.entries(part as object).filter(([name]) => !bad.includes(name)))
        : part,
    ]),
  );
}
