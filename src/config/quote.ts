import { distance } from "fastest-levenshtein";

const LONGEST = 64;
/** Control characters and those that turn the direction of writing; a terminal would obey them. */
const UNSAFE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A name taken from outside, in double quotes, safe to show on a terminal and not endless. */
export function quote(name: string): string {
  const shown = name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
  return JSON.stringify(shown).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The names in double quotes, one after the other. */
export function quoteAll(names: readonly string[]): string {
  return names.map(quote).join(", ");
}

/** The one of `names` that was probably meant, or undefined where none comes near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const wanted = bare(name);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of names) {
    const d = distance(wanted.slice(0, LONGEST), bare(candidate));
    if (d < least) [best, least] = [candidate, d];
  }
  return best;
}

/** `clientId`, `client-id` and `CLIENT_ID` all mean `client_id`. */
function bare(name: string): string {
  return name.toLowerCase().replace(/[_\-\s]/g, "");
}
