import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
} from "jsonc-parser";
import * as v from "valibot";
import { OidcTokenError } from "../errors.js";
import { findingOf, type KeyPath } from "./issue.js";
import { syntaxComplaint } from "./jsonc-syntax.js";
import { quote } from "./quote.js";
import { readText } from "./text-file.js";

/** A configuration file that was read: its value, and where in the file each part of it stands. */
export interface Document {
  readonly path: string;
  readonly value: unknown;
  /** `file:line:column` of what is at this path, or of the nearest thing around it. */
  at(path: KeyPath, part?: "key" | "value"): string;
}

const MOST_BYTES = 1024 * 1024;
const DEEPEST = 32;
/** Names that mean something to JavaScript's objects. */
const FORBIDDEN_KEYS = ["__proto__", "constructor", "prototype"];

/**
 * Reads a JSONC file. Undefined where there is none; an OidcTokenError of kind `configuration` that names file, line
 * and column where it can't be read.
 */
export function readDocument(path: string): Document | undefined {
  const text = readText(path, { most_bytes: MOST_BYTES, what: "a configuration file" });
  if (text === undefined) return undefined;
  const position = (offset: number) => `${path}:${lineAndColumn(text, offset)}`;
  const fail: Fail = (offset, sentence, hint) =>
    new OidcTokenError("configuration", `${position(offset)}: ${sentence}`, hint);

  checkDepth(text, fail);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  if (!tree) {
    throw new OidcTokenError(
      "configuration",
      `${path} is empty`,
      "write at least {}, or delete it; `oidc-token config schema` describes the file",
    );
  }
  const [first] = errors;
  if (first) {
    const { sentence, hint } = syntaxComplaint(first);
    throw fail(first.offset, sentence, hint);
  }
  checkKeys(tree, fail);
  return {
    path,
    value: getNodeValue(tree),
    at: (keys, part = "value") => position(nodeAt(tree, keys, part).offset),
  };
}

/**
 * Checks a document against a schema. Throws an OidcTokenError about the problem that comes first in the file;
 * `name` and `known` as findingOf takes them.
 */
export function validateDocument<T extends v.GenericSchema>(
  schema: T,
  document: Document,
  name: (path: KeyPath) => string,
  known: (path: KeyPath) => readonly string[],
): v.InferOutput<T> {
  const result = v.safeParse(schema, document.value);
  if (result.success) return result.output;
  const findings = result.issues.map((issue) => {
    const finding = findingOf(issue, name, known);
    return { ...finding, at: document.at(finding.path, finding.concerns) };
  });
  const earliest = findings.reduce((a, b) => (order(b.at) < order(a.at) ? b : a));
  throw new OidcTokenError("configuration", `${earliest.at}: ${earliest.sentence}`, earliest.hint);
}

type Fail = (offset: number, sentence: string, hint: string) => OidcTokenError;

/** The parser is recursive: what nests too deeply must be found before it runs. */
function checkDepth(text: string, fail: Fail): void {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const first = text[scanner.getTokenOffset()];
    if (first === "{" || first === "[") depth += 1;
    if (first === "}" || first === "]") depth -= 1;
    if (depth > DEEPEST) {
      throw fail(
        scanner.getTokenOffset(),
        `nested more than ${DEEPEST} levels deep`,
        "take out the inner levels",
      );
    }
  }
}

function checkKeys(node: Node, fail: Fail): void {
  const offsets = new Map<string, number>();
  for (const child of node.children ?? []) {
    const key = node.type === "object" ? child.children?.[0] : undefined;
    if (key) {
      const name = String(key.value);
      if (FORBIDDEN_KEYS.includes(name))
        throw fail(key.offset, `the key ${quote(name)} is not allowed`, "take it out");
      if (offsets.has(name)) {
        throw fail(key.offset, `duplicate key ${quote(name)}`, "keep one of the two");
      }
      offsets.set(name, key.offset);
    }
    checkKeys(child, fail);
  }
}

function nodeAt(tree: Node, keys: KeyPath, part: "key" | "value"): Node {
  const node = findNodeAtLocation(tree, [...keys]);
  if (!node) return keys.length > 0 ? nodeAt(tree, keys.slice(0, -1), part) : tree;
  return (part === "key" && node.parent?.type === "property" && node.parent.children?.[0]) || node;
}

function lineAndColumn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}

function order(at: string): number {
  const [, line = "0", column = "0"] = /:(\d+):(\d+)$/.exec(at) ?? [];
  return Number(line) * (MOST_BYTES + 1) + Number(column);
}
