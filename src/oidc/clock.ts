import type { ClientError } from "openid-client";
import { isOidcTokenError, OidcTokenError } from "../errors.js";

/** Seconds. `Date` (RFC 9110 §6.6.1) is rounded, and was sent before the answer arrived. */
const TOLERANCE = 60;

/** Compares this machine's clock with the provider's, by the `Date` of its answers. */
export class ProviderClock {
  readonly #now: () => number;
  /** Seconds that this machine is ahead of the provider. */
  #ahead = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The same fetch, with an eye on the clock. */
  watch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    return async (input, init) => {
      const response = await fetch(input, init);
      const date = Date.parse(response.headers.get("date") ?? "");
      if (Number.isFinite(date)) this.#ahead = this.#now() - date / 1000;
      return response;
    };
  }

  /**
   * The failure again, or, where a clock that is wrong explains it better, that. A refusal may come from the clock where
   * what was sent `bears_time`: the time of an assertion that was signed here.
   */
  explain(failure: OidcTokenError, bears_time: boolean): OidcTokenError {
    if (Math.abs(this.#ahead) <= TOLERANCE) return failure;
    const clock = `this machine's clock is ${inWords(Math.abs(this.#ahead))} ${this.#ahead > 0 ? "ahead of" : "behind"} the provider's`;
    const mend = "set the clock, or switch on its synchronisation, and try again";
    if (isTimeCheck(failure)) return new OidcTokenError(failure.kind, clock, mend, { cause: failure });
    if (!bears_time || failure.kind !== "refused") return failure;
    return new OidcTokenError(failure.kind, failure.message, `${clock}: ${mend}; else ${failure.hint}`, {
      cause: failure,
    });
  }
}

function isTimeCheck({ cause }: OidcTokenError): boolean {
  if (isOidcTokenError(cause)) return isTimeCheck(cause);
  return (cause as ClientError | undefined)?.code === "OAUTH_JWT_TIMESTAMP_CHECK_FAILED";
}

function inWords(seconds: number): string {
  for (const [unit, length] of [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ] as const) {
    const count = Math.round(seconds / length);
    if (seconds >= length) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  return `${Math.round(seconds)} seconds`;
}
