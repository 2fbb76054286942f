import { Redactor as Mask } from "../redact.js";

const LONGEST = 200;
// C0, C1, soft hyphen, zero-width and bidirectional controls, line and paragraph separators, byte order mark.
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: taking these out is the point
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g;

/** Makes text that came from a provider fit to be shown or logged. */
export interface Redactor {
  /** Remembers a secret of this run, so that it is taken out wherever it is echoed. */
  hide(secret: string | undefined): void;
  /** One line without control characters, known secrets or JWTs, at most 200 characters. */
  clean(text: string): string;
}

export function createRedactor(): Redactor {
  const mask = new Mask();
  return {
    hide: (secret) => mask.add(secret),
    clean(text) {
      // Before and after: control characters may hide a secret, and a secret may hold some.
      const line = mask.apply(mask.apply(text).replace(UNPRINTABLE, " ")).replace(/\s+/g, " ").trim();
      return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
    },
  };
}
