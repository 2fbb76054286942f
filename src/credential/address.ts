import { OidcTokenError } from "../errors.js";
import { isLoopback } from "../loopback.js";
import { objectIn } from "../text.js";

const HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(?=(?::\d{1,5})?$)/i;

/**
 * The addresses a tool may mean by what it says: a URL, or a host with or without port, which stands for https and on
 * this machine for http as well. None for one that is written as no server is: with a user, a dot at the end, a number
 * for an address, letters beyond ASCII. Who asks would then go elsewhere than a URL parser thinks.
 */
export function addressesIn(text: string): string[] {
  const [, scheme, host = "", path = ""] = /^(?:([a-z]+):\/\/)?([^/?#]*)([^?#]*)/i.exec(text) ?? [];
  if (scheme !== undefined) return addressOf(scheme, host, path);
  const secure = addressOf("https", host, path);
  const [address] = secure;
  return address !== undefined && isLoopback(new URL(address))
    ? [...secure, ...addressOf("http", host, path)]
    : secure;
}

/** The address that scheme, host with port, and path make; none as above. */
export function addressOf(scheme: string, host: string, path: string): string[] {
  const [name] = HOST.exec(host) ?? [];
  const text = `${scheme}://${host}`;
  if (name === undefined || !/^https?$/.test(scheme) || !URL.canParse(text)) return [];
  const { origin, hostname } = new URL(text);
  return hostname === name.toLowerCase() ? [`${origin}/${path.replace(/^\//, "")}`] : [];
}

/** The object that a request in JSON is. Throws an OidcTokenError of kind `usage`. */
export function requestIn(text: string): Readonly<Record<string, unknown>> {
  const request = objectIn(text);
  if (request) return request;
  throw new OidcTokenError(
    "usage",
    "what stands on stdin is no request of this tool",
    "let the tool itself run this command",
  );
}

/** The value as text; empty for anything else. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
