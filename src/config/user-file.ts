import type { InferOutput } from "valibot";
import type { Document, KeyPath } from "../files/jsonc.js";
import { checkOwn } from "../files/read.js";
import { given } from "../given.js";
import { quote } from "../text.js";
import { checkDocument, readDocument, validateDocument } from "./document.js";
import type { Report } from "./finding.js";
import { fileEntries, fileSchema } from "./schema/file.js";
import { endpointEntries, PROFILE_KEYS } from "./schema/profile.js";

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
  const read = (whole: Document) => validateDocument(fileSchema, whole, nameOf, knownAt);
  if (!report) return { values: read(document), at: document.at };
  const checked = checkDocument(fileSchema, document, nameOf, knownAt);
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

/** What a path in the file is called in a sentence. */
function nameOf(path: KeyPath): string {
  const [top, profile, ...rest] = path;
  if (top === undefined) return "the configuration";
  if (top !== "profiles" || profile === undefined) return quote(String(top));
  const place = `profile ${quote(String(profile))}`;
  return rest.length === 0 ? place : `${quote(dotted(rest))} in ${place}`;
}

/** `limit.context`, `flow[1]`. */
function dotted(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** The keys there may be at a path of the file. */
function knownAt(path: KeyPath): readonly string[] {
  if (path.length === 0) return Object.keys(fileEntries);
  return path.length === 2 ? PROFILE_KEYS : Object.keys(endpointEntries);
}
