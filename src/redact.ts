const MASK = "[redacted]";
/** Shorter values would turn ordinary words into masks. */
const SHORTEST_SECRET = 6;
const JWT = /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g;
const AUTHORIZATION = /\b(Bearer|Basic|DPoP)\s+[A-Za-z0-9._~+/=-]{6,}/gi;

/** Remembers the secrets of this process and takes them, and whatever looks like a token, out of a text. */
export class Redactor {
  readonly #secrets = new Set<string>();

  /** From now on this value is masked, also percent-encoded as it stands in a form or a URL. */
  add(secret: string | undefined): void {
    if (secret === undefined || secret.length < SHORTEST_SECRET) return;
    this.#secrets.add(secret);
    this.#secrets.add(encodeURIComponent(secret));
  }

  apply(text: string): string {
    let safe = text;
    for (const secret of this.#secrets) safe = safe.replaceAll(secret, MASK);
    return safe.replace(JWT, MASK).replace(AUTHORIZATION, `$1 ${MASK}`);
  }
}
