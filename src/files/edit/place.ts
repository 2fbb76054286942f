import type { Json } from "../jsonc-edit.js";

/** Where in a file: the keys from the outside in. */
export type Place = readonly string[];

/** Changes single values in a text of one format; comments, order and layout of all the rest stay. */
export interface Editor {
  /** What stands there, as JSON has it; undefined where nothing does. Throws a NotUnderstood. */
  read(text: string, place: Place): Json | undefined;
  /** The text with the value there, or, with undefined, without what is there. Throws a NotUnderstood. */
  write(text: string, place: Place, value: Json | undefined): string;
}

/** A text that is not what its format says, or that holds something else where a value is to go. */
export class NotUnderstood extends Error {}

/** The value at a place of a value; throws where the way there leads through something that has no keys. */
export function valueAt(value: unknown, place: Place): Json | undefined {
  let current = value;
  for (const key of place) {
    if (current === undefined || current === null) return undefined;
    if (typeof current !== "object" || Array.isArray(current))
      throw new NotUnderstood(`there is no room for "${key}" in it: something else stands there`);
    current = Object.hasOwn(current, key) ? (current as Record<string, unknown>)[key] : undefined;
  }
  return (current ?? undefined) as Json | undefined;
}
