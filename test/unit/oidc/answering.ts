/** One answer of a made-up provider; objects are sent as JSON. */
export interface Answer {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

/** A request as the made-up provider got it. */
export interface Received {
  readonly url: string;
  readonly headers: Headers;
  readonly form: Record<string, string>;
}

/** A fetch that gives these answers in turn and keeps what it was asked in `received`. */
export function answering(
  ...answers: (Answer | "network error")[]
): typeof fetch & { readonly received: Received[] } {
  const left = [...answers];
  const received: Received[] = [];
  const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    received.push({
      url: String(url),
      headers: new Headers(init?.headers),
      form: Object.fromEntries(new URLSearchParams(String(init?.body ?? ""))),
    });
    const answer = left.shift();
    if (answer === undefined) throw new Error(`no answer is left for ${String(url)}`);
    if (answer === "network error") {
      throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNRESET" } });
    }
    const { status = 200, body, headers } = answer;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const type = typeof body === "string" ? "text/html" : "application/json";
    return new Response(text === "" ? null : text, { status, headers: { "content-type": type, ...headers } });
  };
  return Object.assign(fetch, { received });
}
