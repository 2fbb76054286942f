import type { Context } from "../../context.js";
import { isOidcTokenError, OidcTokenError } from "../../errors.js";
import { type Answer, exchange } from "../../http/exchange.js";
import { nameOf, serverTrouble } from "../../http/trouble.js";
import { isLoopback } from "../../loopback.js";
import { objectIn } from "../../text.js";

/** Bytes. Real ones stay under 20 kB. */
const LARGEST = 262_144;
/** Seconds. */
const PATIENCE = 10;

export type Document = Readonly<Record<string, unknown>>;

/** How documents are asked for, and what was said where there was none. */
export interface Asker extends Pick<Context, "fetch" | "log" | "redactor"> {
  readonly signal: AbortSignal;
  readonly looked_at: Look[];
}

/** An address that had no document. */
export interface Look {
  readonly place: URL;
  /** `status 404`. */
  readonly said: string;
  /** Where it sent this program to, on another origin. */
  readonly leads_to?: URL;
}

/** One request whose answer is bounded in time and size; redirects are not followed. */
export async function ask(asker: Asker, url: URL, init: Omit<RequestInit, "signal"> = {}): Promise<Answer> {
  const headers = { accept: "application/json", ...(init.headers as Record<string, string>) };
  const limits = { seconds: PATIENCE, signal: asker.signal, largest: LARGEST };
  return await exchange(asker, url, { ...init, headers }, limits);
}

/**
 * The JSON object at an address; undefined where there is none. Throws `refused` for what is no document any more,
 * `configuration` where the address keeps silent or leads elsewhere, `temporary` for network trouble.
 */
export async function documentAt(asker: Asker, url: URL): Promise<Document | undefined> {
  const { response, text } = await answerOf(asker, url);
  if (text === undefined) {
    throw new OidcTokenError(
      "refused",
      `${nameOf(url)} sent more than ${LARGEST / 1024} kB, which is no metadata document`,
      "ask who runs it, and check the address",
    );
  }
  const { status } = response;
  const trouble = serverTrouble(nameOf(url), response);
  if (trouble) throw trouble;
  const document = status === 200 ? objectIn(text) : undefined;
  if (document) return document;
  asker.looked_at.push(lookAt(url, response, asker));
  return undefined;
}

async function answerOf(asker: Asker, url: URL): Promise<Answer> {
  try {
    return await ask(asker, url);
  } catch (error) {
    if (!isOidcTokenError(error) || error.kind !== "temporary" || !/did not answer/.test(error.message))
      throw error;
    throw new OidcTokenError(
      "configuration",
      error.message,
      "check the address, or say what is known with options",
      {
        cause: error,
      },
    );
  }
}

function lookAt(place: URL, { status, headers }: Response, { redactor }: Asker): Look {
  if (status === 200) {
    const is_page = /^text\/html\b/i.test(headers.get("content-type") ?? "");
    return { place, said: is_page ? "a web page" : "no JSON document" };
  }
  const location = headers.get("location") ?? "";
  if (status < 300 || status >= 400 || !URL.canParse(location, place.href))
    return { place, said: `status ${status}` };
  const target = new URL(location, place);
  const said = `leads elsewhere (${redactor.clean(target.origin + target.pathname)}), which is not followed`;
  return { place, said, ...(target.origin !== place.origin && { leads_to: target }) };
}

/** What was looked at, in few words: `id.example.com/.well-known/x and 2 more: status 404`. */
export function lookedAt({ looked_at }: Asker): string {
  const [first] = looked_at;
  if (first && looked_at.length > 1 && looked_at.every(({ said }) => said === first.said))
    return `${nameOf(first.place)} and ${looked_at.length - 1} more: ${first.said}`;
  return looked_at.map(({ place, said }) => `${nameOf(place)}: ${said}`).join("; ");
}

/** The address that the servers send on to; undefined where they do not, or to nothing that could be typed again. */
export function ledTo({ looked_at }: Asker): string | undefined {
  const target = looked_at.find(({ leads_to }) => leads_to !== undefined)?.leads_to;
  if (!target || (target.protocol !== "https:" && !isLoopback(target))) return undefined;
  const path = target.pathname.replace(/\/\.well-known\/.*$|\/$/, "");
  return target.origin + (/^[\w./~-]*$/.test(path) ? path : "");
}

/** RFC 8615, with what stands before the path put between: RFC 8414 §3.1, RFC 9728 §3.1. */
export function wellKnown(of: URL, name: string): URL {
  return new URL(`/.well-known/${name}${of.pathname.replace(/\/$/, "")}`, of.origin);
}

/**
 * An address that a document names, to be asked or written down: https, or plain http where the document itself came
 * from this machine. Throws `refused` for any other, `javascript:` for one.
 */
export function addressIn(document: Document, name: string, source: URL, asker: Asker): URL | undefined {
  const value = document[name];
  if (value === undefined || value === null) return undefined;
  // The OCI documentation shows paths.
  const whole = typeof value === "string" && /^\/(?!\/)/.test(value) ? new URL(value, source).href : value;
  return secureAddress(whole, name, source, asker);
}

/** As `addressIn`, of a value that was taken out already. */
export function secureAddress(value: unknown, name: string, source: URL, { redactor }: Asker): URL {
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  const is_near = isLoopback(source);
  if (
    url?.protocol === "https:" &&
    url.username === "" &&
    url.password === "" &&
    (is_near || !isLoopback(url))
  )
    return url;
  if (url?.protocol === "http:" && is_near && isLoopback(url)) return url;
  const shown = typeof value === "string" ? redactor.clean(value) : "no text";
  throw new OidcTokenError(
    "refused",
    `${nameOf(source)} names as ${name} what no token may be sent to: ${shown}`,
    "nothing was sent there; tell who runs it: only https addresses will do",
  );
}

/** The texts of a list; undefined where there is none. */
export function textsIn(document: Document, name: string): readonly string[] | undefined {
  const value = document[name];
  if (!Array.isArray(value)) return undefined;
  return value.filter(
    (each): each is string => typeof each === "string" && /^[\x21-\x7e]{1,300}$/.test(each),
  );
}
