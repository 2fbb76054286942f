import { createScanner, type Node, parseTree } from "jsonc-parser";

/** What may stand in the file under a key. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/**
 * JSONC with one key set or, with undefined, taken out. Everything else stays byte for byte: comments, order, indent,
 * line ends, trailing commas. (`modify` of jsonc-parser would move a comment behind the last entry to the new one, and
 * lay out the neighbours of what it removes anew.) The text must have been parsed without an error before.
 */
export function setKey(text: string, path: readonly string[], value: Json | undefined): string {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  if (tree?.type !== "object") throw new Error("only an object can be edited");
  let object: Node = tree;
  for (const [depth, key] of path.entries()) {
    const property = propertyOf(object, key);
    const is_last = depth === path.length - 1;
    if (!property) {
      if (value === undefined) return text;
      const rest = path.slice(depth + 1).reduceRight<Json>((inner, name) => ({ [name]: inner }), value);
      return insert(text, object, key, rest);
    }
    const current = property.children?.[1];
    if (!current) throw new Error("a key without a value");
    if (is_last) return value === undefined ? remove(text, object, property) : replace(text, current, value);
    if (current.type !== "object") throw new Error("a key inside something that is no object");
    object = current;
  }
  return text;
}

function propertyOf(object: Node, key: string): Node | undefined {
  return object.children?.find((property) => property.children?.[0]?.value === key);
}

function replace(text: string, current: Node, value: Json): string {
  const layout = layoutOf(text);
  return splice(text, current.offset, end(current), written(value, indentAt(text, current.offset), layout));
}

function insert(text: string, object: Node, key: string, value: Json): string {
  const layout = layoutOf(text);
  const last = object.children?.at(-1);
  const outer = indentAt(text, object.offset);
  const close = end(object) - 1;
  if (!last) {
    // There may be comments in it.
    const inside = text.slice(object.offset + 1, close).trimEnd();
    const indent = outer + layout.unit;
    const entry = `${inside}${layout.eol}${indent}${JSON.stringify(key)}: ${written(value, indent, layout)}`;
    return splice(text, object.offset + 1, close, `${entry}${layout.eol}${outer}`);
  }
  if (!text.slice(object.offset, end(last)).includes("\n")) {
    const entry = ` ${JSON.stringify(key)}: ${inOneLine(value)}`;
    const comma = commaAfter(text, end(last), close);
    if (comma !== undefined) return splice(text, comma, comma, `${entry},`);
    return splice(text, end(last), end(last), `,${entry}`);
  }
  const indent = indentAt(text, last.offset);
  const entry = `${layout.eol}${indent}${JSON.stringify(key)}: ${written(value, indent, layout)}`;
  const comma = commaAfter(text, end(last), close);
  // What stands on the line of the last entry was written about that one.
  const after = afterRemark(text, comma ?? end(last), close);
  const inserted = splice(text, after, after, comma === undefined ? entry : `${entry},`);
  return comma === undefined ? splice(inserted, end(last), end(last), ",") : inserted;
}

function remove(text: string, object: Node, property: Node): string {
  const close = end(object) - 1;
  const properties = object.children ?? [];
  const index = properties.indexOf(property);
  const comma = commaAfter(text, end(property), close);
  let from = property.offset;
  let to = comma ?? end(property);
  const line = lineStart(text, from);
  const rest = afterRemark(text, to, close);
  // Alone on its lines: they go as a whole, with the remark at their end.
  if (text.slice(line, from).trim() === "" && /^\r?\n/.test(text.slice(rest))) {
    from = line;
    to = rest + (text[rest] === "\r" ? 2 : 1);
  }
  const before = properties[index - 1];
  // Behind another one on a line: the comma and the space between the two go with it.
  if (comma === undefined && before && /^,[ \t]*$/.test(text.slice(end(before), from)))
    return splice(text, end(before), to, "");
  const removed = splice(text, from, to, "");
  if (comma !== undefined || !before) return removed;
  // It was the last one: the comma that led to it goes as well.
  const leading = commaAfter(text, end(before), property.offset);
  return leading === undefined ? removed : splice(removed, leading - 1, leading, "");
}

/** The offset behind the comma that follows, or undefined where none comes before `close`. */
function commaAfter(text: string, offset: number, close: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  const at = scanner.getTokenOffset();
  return at < close && text[at] === "," ? at + 1 : undefined;
}

/** The offset behind a comment at the end of this line; the same offset where something else follows. */
function afterRemark(text: string, offset: number, close: number): number {
  const remark =
    /^[ \t]*(?:\/\*[^\r\n]*?\*\/[ \t]*)*(?:\/\/[^\r\n]*)?/.exec(text.slice(offset, close))?.[0] ?? "";
  return /^\r?\n/.test(text.slice(offset + remark.length)) ? offset + remark.length : offset;
}

interface Layout {
  /** One step of indentation. */
  readonly unit: string;
  readonly eol: string;
}

function layoutOf(text: string): Layout {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const unit = /^([ \t]+)"/m.exec(text)?.[1] ?? "  ";
  return { unit: unit.startsWith("\t") ? "\t" : unit, eol };
}

function written(value: Json, indent: string, layout: Layout): string {
  if (typeof value !== "object" || Array.isArray(value) || Object.keys(value).length === 0)
    return inOneLine(value);
  const deeper = indent + layout.unit;
  const entries = Object.entries(value).map(
    ([key, part]) => `${deeper}${JSON.stringify(key)}: ${written(part, deeper, layout)}`,
  );
  return `{${layout.eol}${entries.join(`,${layout.eol}`)}${layout.eol}${indent}}`;
}

function inOneLine(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(inOneLine).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}: ${inOneLine(part)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset)))?.[0] ?? "";
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

function splice(text: string, from: number, to: number, content: string): string {
  return text.slice(0, from) + content + text.slice(to);
}

function end(node: Node): number {
  return node.offset + node.length;
}
