import type { KeyPath } from "../files/jsonc.js";
import { quote } from "../text.js";
import { endpointEntries, PROFILE_KEYS } from "./schema/profile.js";

/** What a path in a file is called in a sentence, the file itself being `whole`. */
export function nameIn(whole: string): (path: KeyPath) => string {
  return ([top, profile, ...rest]) => {
    if (top === undefined) return whole;
    if (top !== "profiles" || profile === undefined) return quote(String(top));
    const place = `profile ${quote(String(profile))}`;
    return rest.length === 0 ? place : `${quote(dotted(rest))} in ${place}`;
  };
}

/** `limit.context`, `flow[1]`. */
function dotted(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** The keys there may be at a path of a file with these entries. */
export function knownIn(entries: object): (path: KeyPath) => readonly string[] {
  return (path) => {
    if (path.length === 0) return Object.keys(entries);
    return path.length === 2 ? PROFILE_KEYS : Object.keys(endpointEntries);
  };
}
