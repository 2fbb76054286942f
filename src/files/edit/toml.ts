import { isDeepStrictEqual } from "node:util";
import { parse, patch, stringify } from "@decimalturn/toml-patch";
import type { Json } from "../jsonc-edit.js";
import { type Editor, NotUnderstood, type Place, valueAt } from "./place.js";

type Table = Record<string, unknown>;

/** TOML, by a library that keeps comments and layout. */
export const tomlEditor: Editor = {
  read: (text, place) => valueAt(parsed(text), place),
  write(text, place, value) {
    const before = parsed(text);
    // Whether there is room for it.
    valueAt(before, place);
    const wanted = withValue(before, place, value);
    const key = place.at(-1);
    // A table of its own at the end is what a person would write; the library would put a dotted key before all others.
    if (value !== undefined && key !== undefined && valueAt(before, place.slice(0, -1)) === undefined) {
      const appended = `${text}${gap(text)}${stringified(place.slice(0, -1), { [key]: value })}`;
      if (means(appended, wanted)) return appended;
    }
    // The library takes the comments after the last table with it.
    const without = value === undefined ? withoutLine(text, place) : undefined;
    if (without !== undefined && means(without, wanted)) return without;
    const patched = patch(text, wanted);
    const changed = text === "" || text.endsWith("\n") ? patched.replace(/([^\n])$/, "$1\n") : patched;
    if (!means(changed, wanted)) throw new NotUnderstood("its tables cannot be changed without a person");
    return changed;
  },
};

function parsed(text: string): Table {
  try {
    return parse(text) as Table;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    throw new NotUnderstood(`it is not TOML: ${reason}`);
  }
}

function means(text: string, wanted: Table): boolean {
  try {
    return isDeepStrictEqual(plain(parse(text) as Table), plain(wanted));
  } catch {
    return false;
  }
}

/** Dates and big numbers by their text, and without tables that hold nothing: with the last inside, the one around it goes. */
function plain(value: Table): unknown {
  const text = JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? String(part) : part));
  return withoutEmpty(JSON.parse(text));
}

function withoutEmpty(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, part]) => [key, withoutEmpty(part)] as const);
  return Object.fromEntries(entries.filter(([, part]) => !isDeepStrictEqual(part, {})));
}

function withValue(table: Table, place: Place, value: Json | undefined): Table {
  const [key, ...rest] = place;
  if (key === undefined) return table;
  const copy = { ...table };
  if (rest.length > 0) {
    if (value === undefined && copy[key] === undefined) return table;
    copy[key] = withValue((valueAt(table, [key]) ?? {}) as Table, rest, value);
  } else if (value === undefined) delete copy[key];
  else copy[key] = value;
  return copy;
}

/** The text without the one line of a key or of an empty table, as they are written here; undefined where it is not so. */
function withoutLine(text: string, place: Place): string | undefined {
  const lines = text.split(/(?<=\n)/);
  const heads = (line: string, at: Place): boolean => line.trimEnd() === header(at);
  const table = lines.findIndex((line) => heads(line, place));
  if (table >= 0) {
    const blank = table > 0 && lines[table - 1]?.trim() === "";
    return [...lines.slice(0, blank ? table - 1 : table), ...lines.slice(table + 1)].join("");
  }
  const around = place.slice(0, -1);
  const from = around.length === 0 ? 0 : lines.findIndex((line) => heads(line, around)) + 1;
  const key = `${bareOrQuoted(place.at(-1) ?? "")} = `;
  const at = lines.findIndex((line, index) => index >= from && line.startsWith(key));
  return at < 0 ? undefined : [...lines.slice(0, at), ...lines.slice(at + 1)].join("");
}

function header(place: Place): string {
  return `[${place.map(bareOrQuoted).join(".")}]`;
}

function stringified(place: Place, values: Readonly<Record<string, Json>>): string {
  const head = place.length === 0 ? "" : `${header(place)}\n`;
  return `${head}${stringify(values, { trailingNewline: 1 } as never).trimEnd()}\n`;
}

function bareOrQuoted(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key);
}

function gap(text: string): string {
  if (text === "") return "";
  return text.endsWith("\n") ? "\n" : "\n\n";
}
