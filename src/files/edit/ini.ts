import type { Json } from "../jsonc-edit.js";
import { type Editor, NotUnderstood } from "./place.js";

/** An entry and the lines it takes, continuation lines included; `header` for the line of a section. */
interface Part {
  readonly section: string;
  readonly key: string | undefined;
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Sections in brackets and `key = value`: git, pip, AWS, rclone, .npmrc. A place is a section, "" for what comes before
 * the first, and a key. A value is a text, or a list of texts where the key stands more than once.
 */
export const iniEditor: Editor = {
  read(text, place) {
    const { parts } = parsed(text);
    const [section = "", key] = place;
    const inside = parts.filter((part) => part.section === section);
    if (key === undefined) {
      const keys = inside.flatMap((part) => (part.key === undefined ? [] : [[part.key, part.value]]));
      return inside.length === 0 ? undefined : (Object.fromEntries(keys) as Json);
    }
    const values = inside.filter((part) => part.key === key).map(({ value }) => value);
    return values.length > 1 ? values : values[0];
  },
  write(text, place, value) {
    const { lines, parts, eol } = parsed(text);
    const [section = "", key] = place;
    if (key === undefined) return withoutHeader(lines, parts, section).join(eol);
    const old = parts.filter((part) => part.section === section && part.key === key);
    const values = value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)];
    const written = values.map((each) => entry(section, key, each, lines[old[0]?.from ?? -1], parts, lines));
    const [first] = old;
    if (first) {
      const gone = new Set(old.flatMap(({ from, to }) => range(from, to)));
      const kept = lines.flatMap((line, at) => (at === first.from ? written : gone.has(at) ? [] : [line]));
      return kept.join(eol);
    }
    if (written.length === 0) return text;
    return inserted(lines, parts, section, written).join(eol);
  },
};

function parsed(text: string): { lines: string[]; parts: Part[]; eol: string } {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text.split(eol);
  const parts: Part[] = [];
  let section = "";
  for (const [at, line] of lines.entries()) {
    const header = /^\s*\[(.+)\]\s*(?:[#;].*)?$/.exec(line);
    const pair = /^\s*([^\s=#;[][^=]*?)\s*(?:=\s*(.*?)\s*)?$/.exec(line);
    const last = parts.at(-1);
    if (header?.[1] !== undefined) {
      section = header[1].trim();
      parts.push({ section, key: undefined, value: "", from: at, to: at + 1 });
    } else if (/^\s*(?:[#;].*)?$/.test(line)) {
      // Nothing, or a comment.
    } else if (last?.key !== undefined && continues(line, lines[last.from] ?? "", lines[at - 1] ?? "")) {
      parts[parts.length - 1] = { ...last, value: `${last.value}\n${line.trim()}`.trim(), to: at + 1 };
    } else if (pair?.[1] !== undefined) {
      parts.push({ section, key: pair[1], value: pair[2] ?? "", from: at, to: at + 1 });
    } else {
      throw new NotUnderstood(`line ${at + 1} is neither a section nor a key with a value`);
    }
  }
  return { lines, parts, eol };
}

/** A line that goes on the entry before it: it stands deeper, or the one before ends in a backslash. */
function continues(line: string, first: string, before: string): boolean {
  const depth = (text: string): number => /^\s*/.exec(text)?.[0].length ?? 0;
  return before.endsWith("\\") || depth(line) > depth(first);
}

/** The entry in the layout of its neighbours. */
function entry(
  section: string,
  key: string,
  value: string,
  old: string | undefined,
  parts: readonly Part[],
  lines: readonly string[],
): string {
  const neighbour = parts.findLast((part) => part.section === section && part.key !== undefined);
  const like = old ?? (neighbour && lines[neighbour.from]);
  // As git itself does under a section with a name of its own.
  const indent = /^\s*/.exec(like ?? (section.endsWith('"') ? "\t" : ""))?.[0] ?? "";
  const sign = like !== undefined ? (/\s=/.test(like) ? " = " : "=") : section === "" ? "=" : " = ";
  return `${indent}${key}${sign}${value}`.trimEnd();
}

function inserted(
  lines: readonly string[],
  parts: readonly Part[],
  section: string,
  written: readonly string[],
): string[] {
  const last = parts.findLast((part) => part.section === section);
  const before_sections = section === "" && parts.some(({ key }) => key === undefined);
  if (last) return [...lines.slice(0, last.to), ...written, ...lines.slice(last.to)];
  if (before_sections) return [...written, "", ...lines];
  const text = lines.join("\n").trimEnd() === "" ? [] : lines.at(-1) === "" ? lines.slice(0, -1) : lines;
  if (section === "") return [...text, ...written, ""];
  return [...text, ...(text.length > 0 ? [""] : []), `[${section}]`, ...written, ""];
}

function withoutHeader(lines: readonly string[], parts: readonly Part[], section: string): string[] {
  const header = parts.find((part) => part.section === section && part.key === undefined);
  if (!header) return [...lines];
  const from = header.from > 0 && lines[header.from - 1]?.trim() === "" ? header.from - 1 : header.from;
  return [...lines.slice(0, from), ...lines.slice(header.to)];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
