import type { Editor } from "./place.js";

/** A file that is one value: all of it is ours. */
export const wholeFile: Editor = {
  read: (text) => (text === "" ? undefined : text),
  write: (_text, _place, value) => (value === undefined ? "" : String(value)),
};
