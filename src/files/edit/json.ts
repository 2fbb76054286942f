import { isOidcTokenError } from "../../errors.js";
import { parseJsonc } from "../jsonc.js";
import { setKey } from "../jsonc-edit.js";
import { type Editor, NotUnderstood, valueAt } from "./place.js";

const SOURCE = "it";

/** JSON, with or without comments. */
export const jsonEditor: Editor = {
  read: (text, place) => valueAt(parse(text), place),
  write(text, place, value) {
    const whole = text.trim() === "" ? "{}\n" : text;
    // Whether there is room for it.
    valueAt(parse(whole), place);
    return setKey(whole, place, value);
  },
};

function parse(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    const { value } = parseJsonc(SOURCE, text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    if (!isOidcTokenError(error)) throw error;
    throw new NotUnderstood(error.message.replace(`${SOURCE}:`, "line "));
  }
  throw new NotUnderstood("it does not hold an object");
}
