import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
} from "jsonc-parser";
import { OidcTokenError } from "../errors.js";
import { printable, quote } from "../text.js";
import { syntaxComplaint } from "./jsonc-syntax.js";

/** Where in a document: keys, and numbers for entries of lists. */
export type KeyPath = readonly (string | number)[];

/** JSONC that was parsed: its value, and where in the text each part of it stands. */
export interface Document {
  readonly value: unknown;
  /** How far into the text a part of it stands; the nearest thing around it, where it is not there itself. */
  offset(path: KeyPath, part?: "key" | "value"): number;
  /** `source:line:column` of the same. */
  at(path: KeyPath, part?: "key" | "value"): string;
}

const DEEPEST = 32;
/** Names that mean something to JavaScript's objects. */
const FORBIDDEN_KEYS = ["__proto__", "constructor", "prototype"];

/**
 * Parses JSON with comments and trailing commas. `source` names the text in messages. Throws an OidcTokenError of kind
 * `configuration` for a syntax error, a duplicate key, and what is empty or too deep.
 */
export function parseJsonc(source: string, text: string): Document {
  const position = (offset: number) => `${printable(source)}:${lineAndColumn(text, offset)}`;
  const fail: Fail = (offset, sentence, hint) =>
    new OidcTokenError("configuration", `${position(offset)}: ${sentence}`, hint);

  checkDepth(text, fail);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (!tree && createScanner(text, true).scan() === END_OF_TEXT) {
    throw new OidcTokenError(
      "configuration",
      `${printable(source)} is empty`,
      "write at least {}; `oidc-token config schema` describes what can be in it",
    );
  }
  if (!tree || first) {
    const { sentence, hint } = syntaxComplaint(first);
    throw fail(first?.offset ?? 0, sentence, hint);
  }
  checkKeys(tree, fail);
  const offset: Document["offset"] = (path, part = "value") => nodeAt(tree, path, part).offset;
  return { value: getNodeValue(tree), offset, at: (path, part) => position(offset(path, part)) };
}

/** jsonc-parser's SyntaxKind.EOF: a `const enum`, which isolated modules can't read. */
const END_OF_TEXT = 17;

type Fail = (offset: number, sentence: string, hint: string) => OidcTokenError;

/** The parser is recursive: what nests too deeply must be found before it runs. */
function checkDepth(text: string, fail: Fail): void {
  const scanner = createScanner(text, true);
  let depth = 0;
  while (scanner.scan() !== END_OF_TEXT) {
    const offset = scanner.getTokenOffset();
    if (text[offset] === "{" || text[offset] === "[") depth += 1;
    if (text[offset] === "}" || text[offset] === "]") depth -= 1;
    if (depth > DEEPEST)
      throw fail(offset, `nested more than ${DEEPEST} levels deep`, "take out the inner levels");
  }
}

function checkKeys(node: Node, fail: Fail): void {
  const seen = new Set<string>();
  for (const child of node.children ?? []) {
    const key = node.type === "object" ? child.children?.[0] : undefined;
    if (key) {
      const name = String(key.value);
      if (FORBIDDEN_KEYS.includes(name)) {
        throw fail(key.offset, `the key ${quote(name)} is not allowed`, "take it out");
      }
      if (seen.has(name)) throw fail(key.offset, `duplicate key ${quote(name)}`, "keep one of the two");
      seen.add(name);
    }
    checkKeys(child, fail);
  }
}

function nodeAt(tree: Node, path: KeyPath, part: "key" | "value"): Node {
  const node = findNodeAtLocation(tree, [...path]);
  if (!node) return path.length > 0 ? nodeAt(tree, path.slice(0, -1), part) : tree;
  const key = node.parent?.type === "property" ? node.parent.children?.[0] : undefined;
  return part === "key" && key ? key : node;
}

/** Both from 1, in UTF-16 units, as editors count. */
function lineAndColumn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}
