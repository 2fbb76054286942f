const LONGEST = 200;
// C0, C1, zero-width and bidirectional controls, line and paragraph separators, byte order mark.
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: taking these out is the point
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g;
const JWT = /\bey[\w-]{8,}\.[\w-]+(?:\.[\w-]*){1,3}/g;

/** Makes text that came from a provider fit to be shown or logged. */
export interface Redactor {
  /** Remembers a secret of this run, so that it is taken out wherever it is echoed. */
  hide(secret: string | undefined): void;
  /** One line without control characters, known secrets or JWTs, at most 200 characters. */
  clean(text: string): string;
}

export function createRedactor(): Redactor {
  const hidden = new Set<string>();
  return {
    hide(secret) {
      // Shorter ones would take ordinary letters out of every sentence.
      if (secret === undefined || secret.length < 4) return;
      hidden.add(secret);
      hidden.add(encodeURIComponent(secret));
    },
    clean(text) {
      let line = text;
      for (const secret of [...hidden].sort((a, b) => b.length - a.length)) {
        line = line.replaceAll(secret, "[hidden]");
      }
      line = line.replace(JWT, "[hidden]").replace(UNPRINTABLE, " ").replace(/\s+/g, " ").trim();
      return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
    },
  };
}
