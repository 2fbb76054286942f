const LONGEST = 64;
/** A text of which every character shows as itself, as most are. */
const PLAIN = /^[\x20-\x7e]*$/;

/** What a terminal obeys or does not show: controls, writing direction, zero width, line and paragraph separators. */
const UNSAFE = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]`;
/** Not a literal: with one the runtime looks the classes up at each start, a fifth of what a cached `get` costs beside it. */
const unsafe = (): RegExp => new RegExp(UNSAFE, "gu");

/** A name taken from outside, in double quotes, safe to show on a terminal and not endless. */
export function quote(name: string): string {
  return `"${printable(name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name)}"`;
}

/** A text from outside, a path for instance, with every character a terminal would obey written as an escape. */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(unsafe(), (character) =>
    character.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

/** A value as one line of JSON that a terminal may show: its own escapes stand for what a terminal would obey. */
export function jsonLine(value: unknown): string {
  return `${printable(JSON.stringify(value))}\n`;
}

/** A text from outside on one line, with a space for every character a terminal would obey. */
export function oneLine(text: string): string {
  const visible = PLAIN.test(text) ? text : text.replace(unsafe(), " ");
  return visible.replace(/\s+/g, " ").trim();
}

/** The names in double quotes, one after the other. */
export function quoteAll(names: readonly string[]): string {
  return names.map(quote).join(", ");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/** What is wrong with a value: how it goes on after its name ("must be …"), and what to do. */
export interface Complaint {
  readonly sentence: string;
  readonly hint: string;
}

/** What a text of JSON holds; undefined for a text that is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The object that a text of JSON holds; undefined where it is none, or holds something else. */
export function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  return asObject(jsonIn(text));
}

/** The value as an object with keys; undefined for anything else, a list among it. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
