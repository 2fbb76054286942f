import type { Calls } from "../command/calls.js";

/** Milliseconds that an answer asked for ahead may wait for its request. */
const KEPT = 3000;
/** Milliseconds in which what was asked for ahead is not asked for again: while it waits for its request, and once it is used. */
const RECENT = { waiting: KEPT / 2, used: 500 };
/** Milliseconds after its first use in which a second request, such as that for the title, may share it. */
const SHARED = 1000;
/** Seconds until `get` is killed: a refresh within it has time-outs of its own. */
const LONGEST = 60;

interface Ahead {
  readonly started: number;
  answer?: string;
  used?: number;
}

/**
 * Asks `get` for tokens, ahead of the request where OpenCode announces it, so that the request need not wait for a
 * process. A token is kept no longer than that takes.
 */
export class Tokens {
  readonly #calls: Pick<Calls, "share" | "start">;
  readonly #now: () => number;
  readonly #ahead = new Map<string, Ahead>();

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(calls: Pick<Calls, "share" | "start">, now = () => performance.now()) {
    this.#calls = calls;
    this.#now = now;
  }

  /** Begins to ask for a token that a request to this origin will want in a moment. What fails here is asked again then. */
  prepare(profile: string, origin: string): void {
    const key = keyOf(profile, origin);
    const last = this.#ahead.get(key);
    const recent = last?.used === undefined ? RECENT.waiting : RECENT.used;
    if (last && this.#now() - last.started < recent) return;
    const ahead: Ahead = { started: this.#now() };
    const drop = () => this.#ahead.get(key) === ahead && this.#ahead.delete(key);
    this.#ahead.set(key, ahead);
    setTimeout(drop, KEPT).unref?.();
    this.#calls.start(question(profile, origin), LONGEST).then((answer) => {
      ahead.answer = answer;
    }, drop);
  }

  /** The access token for a request to this origin; rejects as `Calls.share`. */
  async take(profile: string, origin: string, signal?: AbortSignal | null): Promise<string> {
    signal?.throwIfAborted();
    const key = keyOf(profile, origin);
    const ahead = this.#ahead.get(key);
    const now = this.#now();
    if (ahead?.answer !== undefined && now - ahead.started < KEPT && now - (ahead.used ?? now) < SHARED) {
      if (ahead.used === undefined) {
        ahead.used = now;
        setTimeout(() => this.#ahead.get(key) === ahead && this.#ahead.delete(key), SHARED).unref?.();
      }
      return tokenIn(ahead.answer);
    }
    return tokenIn(await this.#calls.share(question(profile, origin), LONGEST, signal));
  }

  /** The token in place of one that the server has just refused. */
  async replace(profile: string, origin: string, sha256: string, signal?: AbortSignal | null) {
    this.#ahead.delete(keyOf(profile, origin));
    const refused = [...question(profile, origin), "--rejected-sha256", sha256];
    return tokenIn(await this.#calls.share(refused, LONGEST, signal));
  }
}

function keyOf(profile: string, origin: string): string {
  return `${profile}\0${origin}`;
}

function question(profile: string, origin: string): string[] {
  return ["get", "--profile", profile, "--format", "json", "--url", origin, "--interactive", "never"];
}

function tokenIn(answer: string): string {
  return (JSON.parse(answer) as { access_token: string }).access_token;
}
