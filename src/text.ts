const LONGEST = 64;
/** What a terminal obeys or does not show: controls (C0, C1), writing direction, zero width, line separators. */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A name taken from outside, in double quotes, safe to show on a terminal and not endless. */
export function quote(name: string): string {
  return `"${printable(name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name)}"`;
}

/** A text from outside, a path for instance, with every character a terminal would obey written as an escape. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A value as one line of JSON that a terminal may show: its own escapes stand for what a terminal would obey. */
export function jsonLine(value: unknown): string {
  return `${printable(JSON.stringify(value))}\n`;
}

/** A text from outside on one line, with a space for every character a terminal would obey. */
export function oneLine(text: string): string {
  return text.replace(UNSAFE, " ").replace(/\s+/g, " ").trim();
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
