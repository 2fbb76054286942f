const LONGEST = 64;
/** Control characters, and those that turn the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A name taken from outside, in double quotes, safe to show on a terminal and not endless. */
export function quote(name: string): string {
  return `"${printable(name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name)}"`;
}

/** A text from outside, a path for instance, with every character a terminal would obey written as an escape. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
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
