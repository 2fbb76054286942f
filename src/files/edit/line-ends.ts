import type { Editor } from "./place.js";

const WINDOWS = /\r\n/g;

/** The same for a text whose lines all end as on Windows: each that is written does, too. */
export function withLineEnds(editor: Editor): Editor {
  return {
    read: (text, place) => editor.read(text.replace(WINDOWS, "\n"), place),
    write(text, place, value) {
      if (!text.includes("\r\n") || /(?<!\r)\n/.test(text)) return editor.write(text, place, value);
      const changed = editor.write(text.replace(WINDOWS, "\n"), place, value);
      return changed.replaceAll("\n", "\r\n");
    },
  };
}
