import type { IncomingMessage } from "node:http";

/** Bytes of bodies that are kept at the same time, to be sent again: of one request, and of all. */
const MOST_OF_ONE = 8 * 1024 * 1024;
const MOST_OF_ALL = 128 * 1024 * 1024;
let kept_of_all = 0;

/**
 * A request's body on its way: sent on as it comes, and kept, as far as it is not too large, to be sent once more where the
 * token was refused. Call `end`.
 */
export class Upload {
  readonly #source: AsyncIterator<Buffer>;
  #kept: Buffer[] | undefined = [];
  #size = 0;

  constructor(request: IncomingMessage) {
    this.#source = request.iterator({ destroyOnReturn: false });
  }

  /** The body, while it comes. */
  async *stream(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = await this.#next();
      if (!chunk) return;
      yield chunk;
    }
  }

  /** The whole body once more, waiting for what is still to come; undefined where it was too large to keep. */
  async again(): Promise<Buffer | undefined> {
    while (this.#kept && (await this.#next()));
    return this.#kept && Buffer.concat(this.#kept);
  }

  end(): void {
    this.#kept = undefined;
    kept_of_all -= this.#size;
    this.#size = 0;
  }

  async #next(): Promise<Buffer | undefined> {
    const { done, value } = await this.#source.next();
    if (done) return undefined;
    if (this.#kept) {
      this.#size += value.length;
      kept_of_all += value.length;
      this.#kept.push(value);
      if (this.#size > MOST_OF_ONE || kept_of_all > MOST_OF_ALL) this.end();
    }
    return value;
  }
}
