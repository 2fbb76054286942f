import type { Editor, Place } from "./place.js";

/** Lines of their own between two comments, for formats in which order does not matter and `#` begins a comment. */
export const blockEditor: Editor = {
  read(text, place) {
    const found = find(text, place);
    return found && text.slice(found.inside, found.inside_end).replace(/\n$/, "");
  },
  write(text, place, value) {
    const found = find(text, place);
    if (value === undefined) {
      if (!found) return text;
      const from = text.slice(0, found.from).endsWith("\n\n") ? found.from - 1 : found.from;
      return text.slice(0, from) + text.slice(found.to);
    }
    const block = `${begin(place)}\n${value}\n${END}\n`;
    if (found) return text.slice(0, found.from) + block + text.slice(found.to);
    return `${text}${text === "" ? "" : text.endsWith("\n") ? "\n" : "\n\n"}${block}`;
  },
};

const END = "# end of what oidc-token wrote";
const begin = (place: Place): string => `# written by oidc-token for ${place.join(" ")}`;

function find(text: string, place: Place) {
  const head = `${begin(place)}\n`;
  const from = text.startsWith(head) ? 0 : text.indexOf(`\n${head}`) + 1;
  if (from === 0 && !text.startsWith(head)) return undefined;
  const inside = from + head.length;
  const inside_end = text.indexOf(`${END}\n`, inside);
  return inside_end < 0 ? undefined : { from, inside, inside_end, to: inside_end + END.length + 1 };
}
