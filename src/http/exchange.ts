import type { Context } from "../context.js";
import { interrupted, isOidcTokenError } from "../errors.js";
import { version } from "../version.js";
import { deadline } from "./deadline.js";
import { nameOf, networkCode, networkTrouble, silence } from "./trouble.js";

const USER_AGENT = `oidc-token/${version}`;

export interface ExchangeOptions {
  /** Seconds the request may take, the answer's body included. */
  readonly seconds: number;
  /** Ends the whole operation this request is part of. */
  readonly signal: AbortSignal;
  /** Bytes. */
  readonly largest: number;
}

export interface Answer {
  readonly response: Response;
  /** Undefined where it is larger than asked for. */
  readonly text: string | undefined;
}

/**
 * One request and its answer, redirects not followed. Throws `temporary` where there is no answer, with the part of the
 * network that is to blame, and `interrupted` on abort.
 */
export async function exchange(
  { fetch, log }: Pick<Context, "fetch" | "log">,
  url: URL,
  init: Omit<RequestInit, "signal" | "redirect">,
  { seconds, signal, largest }: ExchangeOptions,
): Promise<Answer> {
  const limit = deadline(seconds, signal);
  const started = performance.now();
  const endpoint = nameOf(url);
  try {
    const headers = new Headers(init.headers);
    headers.set("user-agent", USER_AGENT);
    const response = await fetch(url, { ...init, headers, redirect: "manual", signal: limit.signal });
    return { response, text: await boundedText(response, largest) };
  } catch (error) {
    if (isOidcTokenError(error)) throw error;
    const why = limit.why();
    const ms = Math.round(performance.now() - started);
    log.debug("no answer", { endpoint, ms, error: why ?? networkCode(error) });
    if (why === "interrupted") throw interrupted();
    throw why === "timeout" ? silence(endpoint, ms) : networkTrouble(endpoint, error);
  } finally {
    limit.end();
  }
}

async function boundedText({ body }: Response, largest: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > largest) return undefined;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
