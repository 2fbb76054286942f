import type { InferOutput } from "valibot";
import type { Document, KeyPath } from "../files/jsonc.js";
import { checkOwn } from "../files/read.js";
import { quote } from "../text.js";
import { readDocument, validateDocument } from "./document.js";
import { fileEntries, fileSchema } from "./schema/file.js";
import { endpointEntries, PROFILE_KEYS } from "./schema/profile.js";

/** The user's own configuration file, read and checked. */
export interface UserFile {
  readonly values: InferOutput<typeof fileSchema>;
  readonly at: Document["at"];
}

/** Undefined where there is no such file; an OidcTokenError of kind `configuration` where something is wrong in it. */
export function readUserFile(path: string): UserFile | undefined {
  const document = readDocument(path, checkOwn);
  return document && { values: validateDocument(fileSchema, document, nameOf, knownAt), at: document.at };
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
