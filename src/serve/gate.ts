import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { sameSecret } from "../sha256.js";

/** Whom the server lets through, and to where. */
export interface Gate {
  readonly port: number;
  /** Made for this run. */
  readonly key: string;
  /** The path of `base_url`, without a slash at its end. */
  readonly base_path: string;
}

/** What is told to whoever is refused: nothing that helps. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** The headers in which clients send an API key. None of them goes on to the service. */
export const KEY_HEADERS: readonly string[] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

/** What of a request the gate looks at. */
export type Asking = Pick<IncomingMessage, "headers"> &
  Partial<Pick<IncomingMessage, "method" | "url" | "headersDistinct">>;

/** Why a request is not let through; undefined where it is. */
export function refusalOf(
  { method, url = "", headers, headersDistinct }: Asking,
  gate: Gate,
): Refusal | undefined {
  // RFC 9112 §3.2: whoever reads the other one takes it for another request.
  if ((headersDistinct?.host?.length ?? 0) > 1)
    return { status: 400, message: "there is more than one Host" };
  // A page of somebody else's name that was made to resolve to this machine (DNS rebinding) shows that name.
  if (![`127.0.0.1:${gate.port}`, `localhost:${gate.port}`].includes(headers.host?.toLowerCase() ?? "")) {
    return { status: 421, message: "this address is for programs on this machine" };
  }
  // No page of a browser is meant to get here. Extensions and desktop programs have schemes of their own.
  if (/^https?:/i.test(headers.origin ?? "") || headers.origin === "null") {
    return { status: 403, message: "no web page may use this address" };
  }
  if (!hasKey(headers, gate.key)) {
    return { status: 401, message: "the key of this run is missing or wrong" };
  }
  // RFC 9110 §9.3.8: the answer is the request as it came there, and so the token.
  if (method === "TRACE") return { status: 405, message: "TRACE is not passed on" };
  if (!isBelow(url, gate.base_path)) {
    return { status: 404, message: `only paths below ${gate.base_path || "/"} are served` };
  }
  return undefined;
}

function hasKey(headers: IncomingHttpHeaders, key: string): boolean {
  return KEY_HEADERS.some((name) => {
    const value = headers[name];
    if (typeof value !== "string") return false;
    return sameSecret(value.replace(/^Bearer +/i, ""), key);
  });
}

/** What a path may be decoded to on its way: some servers do so twice. */
const DECODINGS = 3;

/**
 * Whether a request's target lies below a path, for whoever reads it: also for a server that decodes before it resolves
 * dots, takes a backslash for a slash, or drops what follows a semicolon.
 */
export function isBelow(target: string, base_path: string): boolean {
  const [path = ""] = target.split("?");
  if (!/^\/[\x21-\x7e]*$/.test(target) || path.includes("//") || /[\\#]/.test(target)) return false;
  if (path !== base_path && !path.startsWith(`${base_path}/`)) return false;
  let decoded = path;
  for (let times = 0; times <= DECODINGS; times += 1) {
    if (decoded.split(/[/\\]/).some((segment) => /^\.{1,2}(?:;|$)/.test(segment))) return false;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\u0000-\u001f\u007f]/.test(decoded)) return false;
    if (!decoded.includes("%")) return true;
    try {
      decoded = decodeURIComponent(decoded);
    } catch {
      return times > 0;
    }
  }
  return false;
}
