import { oneLine, printable } from "./text.js";

const MASK = "[redacted]";
/** Shorter values would turn ordinary words into masks. */
const SHORTEST_SECRET = 6;
/** Characters of somebody else's text that are shown. */
const LONGEST = 200;
/** Characters of a sentence of ours, which may have such text in it: a path, for one. */
const LONGEST_SENTENCE = 2000;
/** A signed token in three parts or an encrypted one in five, of which some may be empty (RFC 7516 §3.1). */
const JWT = /\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}/g;
/** What stands in a header; "bearer tokens" are a word of our own sentences. */
const AUTHORIZATION = /\b(Bearer|Basic|DPoP)\s+(?!tokens\b(?![._~+/=-]))[A-Za-z0-9._~+/=-]{6,}/gi;

/** Remembers the secrets of this process and takes them, and whatever looks like a token, out of a text. */
export class Redactor {
  #secrets: readonly string[] = [];

  /** From now on this value is masked, also encoded as it stands in a URL, a form or JSON. */
  add(secret: string | undefined): void {
    if (secret === undefined || secret.length < SHORTEST_SECRET) return;
    const wellFormed = Buffer.from(secret).toString();
    const encoded = [
      encodeURIComponent(wellFormed),
      new URLSearchParams([["", wellFormed]]).toString().slice(1),
      JSON.stringify(secret).slice(1, -1),
    ];
    // Longest first: one secret may be the beginning of another, whose end would be left to read.
    this.#secrets = [...new Set([...this.#secrets, secret, ...encoded])].sort((a, b) => b.length - a.length);
  }

  apply(text: string): string {
    let safe = text;
    for (const secret of this.#secrets) safe = safe.replaceAll(secret, MASK);
    return safe.replace(JWT, MASK).replace(AUTHORIZATION, `$1 ${MASK}`);
  }

  /** What somebody else said, fit to be shown or logged: one line without controls and secrets, not endless. */
  clean(text: string): string {
    // Before and after: control characters may hide a secret, and a secret may hold some.
    const line = this.apply(oneLine(this.apply(text)));
    return shortened(line, LONGEST);
  }

  /** A sentence of ours as it goes to a terminal: what others put in it neither acts, nor tells a secret, nor is endless. */
  sentence(text: string): string {
    return shortened(printable(this.apply(text)), LONGEST_SENTENCE);
  }
}

function shortened(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
