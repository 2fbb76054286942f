import { isDeepStrictEqual } from "node:util";
import { EDITORS, type FileFormat } from "../../files/edit/editor.js";
import type { Place } from "../../files/edit/place.js";
import type { Json } from "../../files/jsonc-edit.js";
import { given } from "../../given.js";
import type { FileEdit, Setting } from "./tool.js";

/** One value that was set: enough to take it back, and nothing else with it. */
export interface Change {
  readonly place: Place;
  /** What stood there; absent where nothing did. */
  readonly before?: Json;
  /** The value, or the entry that was added to a list. */
  readonly value?: Json;
  readonly added?: string;
  /** What else stands in a list that was made for the entry. */
  readonly among?: readonly string[];
  /** How many of the things around it were made for it. */
  readonly made: number;
}

/** The text with every setting in force, and what that changed. Throws a NotUnderstood. */
export function apply(
  text: string,
  { format, settings }: Pick<FileEdit, "format" | "settings">,
): { readonly text: string; readonly changes: readonly Change[] } {
  let result = text;
  const changes: Change[] = [];
  for (const setting of settings) {
    const editor = EDITORS[format];
    const before = editor.read(result, setting.place);
    const wanted = wantedValue(before, setting);
    if (same(before, wanted)) continue;
    changes.push({
      place: setting.place,
      ...given({ before }),
      ...("add" in setting
        ? { added: setting.add, ...(before === undefined && given({ among: setting.among })) }
        : { value: setting.value }),
      made: missingAround(result, format, setting.place),
    });
    result = editor.write(result, setting.place, wanted);
  }
  return { text: result, changes };
}

/** The settings that are in force already, as changes. Throws a NotUnderstood. */
export function inForce(text: string, { format, settings }: Pick<FileEdit, "format" | "settings">): Change[] {
  return settings.flatMap((setting) => {
    const before = EDITORS[format].read(text, setting.place);
    if (before === undefined || !same(before, wantedValue(before, setting))) return [];
    const { place } = setting;
    return [{ place, made: 0, ...("add" in setting ? { added: setting.add } : { value: setting.value }) }];
  });
}

/** The text without the changes. What somebody has changed since stays. Throws a NotUnderstood. */
export function revert(text: string, format: FileFormat, changes: readonly Change[]): string {
  const editor = EDITORS[format];
  let result = text;
  for (const change of [...changes].reverse()) {
    const current = editor.read(result, change.place);
    const wanted = valueBefore(current, change);
    if (same(current, wanted)) continue;
    result = editor.write(result, change.place, wanted);
    if (wanted === undefined) result = withoutEmpty(result, format, change);
  }
  return result;
}

function wantedValue(before: Json | undefined, setting: Setting): Json {
  if (!("add" in setting)) return setting.value;
  const list: readonly Json[] = Array.isArray(before) ? before : (setting.among ?? []);
  const { add, or = add } = setting;
  return list.some((entry) => isEntry(entry, add) || isEntry(entry, or)) ? list : [...list, add];
}

/** Whether an entry of a list is this one: by itself, of a certain version, or with options behind it. */
function isEntry(entry: Json, name: string): boolean {
  const text = Array.isArray(entry) ? entry[0] : entry;
  return text === name || (typeof text === "string" && text.startsWith(`${name}@`));
}

/** What stands in place of `current` without the change. */
function valueBefore(
  current: Json | undefined,
  { before, value, added, among = [] }: Change,
): Json | undefined {
  if (added === undefined) return same(current, value) ? before : current;
  if (!Array.isArray(current)) return current;
  const rest = current.filter((entry: Json) => entry !== added);
  return before === undefined && same(rest, among) ? undefined : rest;
}

/** A later change as it would be had the earlier one never been made. */
export function without(later: Change, earlier: Change): Change {
  if (!isDeepStrictEqual(later.place, earlier.place)) return later;
  const { before: found, ...rest } = later;
  const before = valueBefore(found, earlier);
  if (before !== undefined) return { ...rest, before };
  return { ...(found !== undefined && given({ among: earlier.among })), ...rest };
}

/** Whether both set the same. */
export function isSame(one: Change, other: Change): boolean {
  return (
    isDeepStrictEqual(one.place, other.place) &&
    one.added === other.added &&
    (one.added !== undefined || same(one.value, other.value))
  );
}

function missingAround(text: string, format: FileFormat, place: Place): number {
  let missing = 0;
  for (let depth = place.length - 1; depth > 0; depth -= 1)
    if (EDITORS[format].read(text, place.slice(0, depth)) === undefined) missing += 1;
  return missing;
}

/** Takes out what was made around a value and holds nothing now. */
function withoutEmpty(text: string, format: FileFormat, { place, made }: Change): string {
  let result = text;
  for (let depth = place.length - 1; depth >= place.length - made && depth > 0; depth -= 1) {
    const around = place.slice(0, depth);
    const rest = EDITORS[format].read(result, around);
    if (typeof rest !== "object") continue;
    // An entry of a list that is found by its name has that in any case.
    const keys = Object.keys(rest).filter((key) => !(key === "name" && around.at(-1)?.startsWith("=")));
    if (keys.length > 0) return result;
    result = EDITORS[format].write(result, around, undefined);
  }
  return result;
}

/** The parsers' objects have no prototype, which would count. */
function same(a: Json | undefined, b: Json | undefined): boolean {
  const plain = (value: Json | undefined): unknown =>
    value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  return isDeepStrictEqual(plain(a), plain(b));
}
