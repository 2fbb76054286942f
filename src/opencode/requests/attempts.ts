import { createHash } from "node:crypto";
import { lasting, Temporary } from "../command/failure.js";

/** Times that one request is tried before the person is told; OpenCode waits 2 and 4 s in between. */
const MOST = 3;
/** Requests remembered: those that were given up in between are forgotten in turn. */
const REMEMBERED = 100;

/**
 * Counts how often one and the same request has failed for want of a token. OpenCode repeats what looks temporary five
 * times, for a minute in which it shows nothing: after three it is told in words that it does not repeat.
 */
export class Attempts {
  readonly #failed = new Map<string, number>();

  /** What `token` answers. Rejects as it does, from the third time on with an error that lasts. */
  async of<Answer>(url: URL, { body }: RequestInit, token: () => Promise<Answer>): Promise<Answer> {
    const hash = createHash("sha256").update(url.href);
    const request = hash.update(typeof body === "string" ? body : "").digest("hex");
    const failed = (this.#failed.get(request) ?? 0) + 1;
    this.#failed.delete(request);
    return await token().catch((error: Error) => {
      if (!(error instanceof Temporary)) throw error;
      if (failed >= MOST) throw lasting(`${error.sentence} (tried ${failed} times)`);
      this.#failed.set(request, failed);
      for (const oldest of this.#failed.keys())
        if (this.#failed.size > REMEMBERED) this.#failed.delete(oldest);
      throw error;
    });
  }
}
