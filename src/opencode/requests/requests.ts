import type { ProfileFacts } from "../../commands/profiles.js";
import type { Log } from "../../log.js";
import { lasting, Temporary } from "../command/failure.js";
import type { Attachment } from "../options.js";
import { Attempts } from "./attempts.js";
import { check, initOf, withToken } from "./outgoing.js";
import { placeOf, type Refusal, Refusals, refusedForGood } from "./refusals.js";
import type { Tokens } from "./tokens.js";

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Redirects that one request follows. */
const MOST_REDIRECTS = 5;

/** Sends OpenCode's requests, each with a token that is asked for when it goes out, or a moment before. */
export class Requests {
  readonly #tokens: Tokens;
  readonly #log: Log;
  readonly #attempts = new Attempts();
  readonly #refusals = new Refusals();

  constructor(tokens: Tokens, log: Log) {
    this.#tokens = tokens;
    this.#log = log;
  }

  /** The `fetch` of a provider: with the token of the profile behind it, or failing with what is wrong with its set-up. */
  fetchFor({ profile, problem }: Attachment): Fetch {
    return async (input, init = {}) => {
      if (problem) throw problem;
      const request = input instanceof Request ? { ...initOf(input), ...init } : init;
      const url = new URL(input instanceof Request ? input.url : input);
      return await this.#attempts.of(url, request, () => this.#send(profile, url, request));
    };
  }

  /** Says that a request to this address will want a token of this profile in a moment. */
  announce({ profile, allowed_origins }: ProfileFacts, address: unknown): void {
    const origin = typeof address === "string" && URL.canParse(address) ? new URL(address).origin : "";
    if (allowed_origins.includes(origin)) this.#tokens.prepare(profile, origin);
  }

  /** The request as it may go out where answers are not ours to see; one that is refused stays so. */
  async authorize({ profile, problem }: Attachment, request: Request): Promise<Request> {
    if (problem) throw problem;
    const url = new URL(request.url);
    check(profile, url);
    const token = await this.#token(profile, url, request.signal);
    const headers = withToken(profile, request.headers, token);
    // fetch would take any header but Authorization along to another origin.
    const follows = profile.header.toLowerCase() === "authorization";
    return new Request(request, { headers, ...(!follows && { redirect: "error" }) });
  }

  async #send(profile: ProfileFacts, url: URL, init: RequestInit, redirects = 0): Promise<Response> {
    check(profile, url);
    const attempt = async (token: string) => {
      const headers = withToken(profile, init.headers, token);
      // Redirects are followed below: fetch would take any header but Authorization along to another origin.
      return await fetch(url, { ...init, headers, redirect: "manual" });
    };
    const repeatable = !init.body || typeof init.body === "string" || ArrayBuffer.isView(init.body);
    let token = await this.#token(profile, url, init.signal);
    let response = await attempt(token);
    for (let renewed = false; response.status === 401 && repeatable; renewed = true) {
      renewed ||= this.#refusals.isRenewed(placeOf(profile, url), token);
      const refusal = await this.#refusals.note(placeOf(profile, url), token, response);
      this.#log.warn("token refused", {
        profile: profile.profile,
        host: url.host,
        renewed,
        reason: refusal.reason,
      });
      if (renewed) throw this.#refusals.settle(refusal, refusedForGood(profile, url, refusal));
      token = await this.#better(profile, url, refusal, init.signal);
      response = await attempt(token);
    }
    if (response.status !== 401) this.#refusals.forget(placeOf(profile, url));
    const location = response.headers.get("location");
    const follows = location !== null && [307, 308].includes(response.status) && repeatable;
    if (!follows || redirects === MOST_REDIRECTS) return response;
    return this.#send(profile, new URL(location, url), init, redirects + 1);
  }

  /** A token to send: the stored one, or a better one where that has been refused before. */
  async #token(profile: ProfileFacts, url: URL, signal: RequestInit["signal"]) {
    const token = await this.#tokens.take(profile.profile, url.origin, signal);
    const refusal = this.#refusals.of(placeOf(profile, url), token);
    if (!refusal) return token;
    const standing = this.#refusals.standing(refusal);
    if (standing) throw standing;
    // Long ago, and with nothing better to be had: what was wrong may be mended at the server.
    if (refusal.final) {
      this.#refusals.renew(placeOf(profile, url), token);
      return token;
    }
    return await this.#better(profile, url, refusal, signal);
  }

  /** A token in place of the refused one. */
  async #better(profile: ProfileFacts, url: URL, refusal: Refusal, signal: RequestInit["signal"]) {
    const { sha256, reason } = refusal;
    try {
      const token = await this.#tokens.replace(profile.profile, url.origin, sha256, signal);
      if (!this.#refusals.of(placeOf(profile, url), token)) {
        this.#refusals.renew(placeOf(profile, url), token);
        return token;
      }
    } catch (error) {
      if (error instanceof Temporary || signal?.aborted || !(error instanceof Error)) throw error;
      const said = reason && `; ${url.host} says: ${reason}`;
      throw this.#refusals.settle(refusal, lasting(error.message + said));
    }
    throw this.#refusals.settle(refusal, refusedForGood(profile, url, refusal));
  }
}
