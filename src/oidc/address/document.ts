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
  /** `id.example.com/.well-known/x: status 404`. */
  readonly looked_at: string[];
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
  asker.looked_at.push(`${nameOf(url)}: ${saidBy(response, asker)}`);
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

function saidBy({ status, headers }: Response, { redactor }: Asker): string {
  if (status === 200) return "no JSON document";
  const location = headers.get("location");
  if (status < 300 || status >= 400 || location === null) return `status ${status}`;
  return `leads elsewhere (${redactor.clean(location.split("?")[0] ?? "")}), which is not followed`;
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
