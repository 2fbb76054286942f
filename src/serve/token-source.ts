import { isOidcTokenError } from "../errors.js";
import type { Asked } from "../session/obtain.js";
import { sha256 } from "../sha256.js";
import type { TokenSet } from "../token/token-set.js";

/** Seconds in which a token that came in the place of a refused one is not renewed again: another would fare no better. */
const PAUSE = 10;

/** What a TokenSource needs of the profile. */
export interface TokenPort {
  /** Seconds since the epoch. */
  now(): number;
  obtain(asked: Asked): Promise<TokenSet>;
  /** Whether a token can be handed out as it is. */
  isFresh(tokens: TokenSet): boolean;
  /** Told why a refused token could not be replaced. */
  warn(sentence: string): void;
}

/** The token of one profile for many requests at once: one is asked for, and all that wait get it. */
export class TokenSource {
  readonly #port: TokenPort;
  #tokens: TokenSet | undefined;
  #asked: Promise<TokenSet> | undefined;
  #renewed_at = Number.NEGATIVE_INFINITY;

  constructor(port: TokenPort) {
    this.#port = port;
  }

  /** Throws what `obtain` throws. */
  async token(): Promise<string> {
    if (this.#tokens && this.#port.isFresh(this.#tokens)) return this.#tokens.access_token;
    return (await this.#ask({})).access_token;
  }

  /** Whether there is another token than this one, which the service has just refused. */
  async renew(refused: string): Promise<boolean> {
    await this.#asked?.catch(() => {});
    if (this.#tokens && this.#tokens.access_token !== refused) return true;
    if (this.#port.now() - this.#renewed_at < PAUSE) return false;
    try {
      const tokens = await this.#ask({ rejected_sha256: sha256(refused) });
      this.#renewed_at = this.#port.now();
      return tokens.access_token !== refused;
    } catch (error) {
      if (!isOidcTokenError(error)) throw error;
      this.#renewed_at = this.#port.now();
      this.#port.warn(error.message);
      return false;
    }
  }

  #ask(asked: Asked): Promise<TokenSet> {
    this.#asked ??= this.#port
      .obtain(asked)
      .then((tokens) => {
        this.#tokens = tokens;
        return tokens;
      })
      .finally(() => {
        this.#asked = undefined;
      });
    return this.#asked;
  }
}
