import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from "node:http";
import type { Readable } from "node:stream";
import { isLoopback } from "../loopback.js";
import { loopbackAddresses } from "./loopback-addresses.js";
import { urlOf } from "./proxy.js";
import type { TlsSettings } from "./tls.js";
import { type Bytes, streamed } from "./web.js";

type Fetch = typeof globalThis.fetch;

/** Milliseconds until the next address of a host is tried (RFC 8305 §5). */
export const NEXT_ADDRESS = 250;

/**
 * A fetch without a proxy on `node:http`, as far as this program uses one: a body of text, redirects not followed. Node's
 * own takes five times as long to load, and can't be given a certificate.
 */
export function straightFetch(tls?: TlsSettings): Fetch {
  const agents = new Map<string, HttpAgent>();
  return async (input, init = {}) => {
    const url = urlOf(input);
    const is_tls = url.protocol === "https:";
    const https = is_tls ? await import("node:https") : undefined;
    const common = { keepAlive: true, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS };
    const agent =
      agents.get(url.protocol) ?? (https ? new https.Agent({ ...common, ...tls }) : new HttpAgent(common));
    agents.set(url.protocol, agent);
    const { body, method = "GET", signal } = init;
    const headers = { accept: "*/*", "accept-encoding": "identity", ...headersOf(init) };
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = {
        ...{ agent, method, headers, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS },
        ...(signal && { signal }),
        ...(isLoopback(url) && { lookup: loopbackAddresses }),
      };
      const request: ClientRequest = (https?.request ?? httpRequest)(url, options, resolve);
      request.once("error", reject).on("error", () => {});
      request.end(body ? `${body}` : undefined);
    });
    return streamed(await bytesOf(message), { status: message.statusCode ?? 0, headers: entriesOf(message) });
  };
}

function headersOf({ headers, body }: RequestInit): Record<string, string> {
  const entries = headers && Symbol.iterator in headers ? headers : Object.entries(headers ?? {});
  const given = Object.fromEntries(
    Array.from(entries as Iterable<[string, string]>, ([name, value]) => [name.toLowerCase(), value]),
  );
  if (body instanceof URLSearchParams)
    given["content-type"] ??= "application/x-www-form-urlencoded;charset=UTF-8";
  return given;
}

function* entriesOf({ rawHeaders }: IncomingMessage): Iterable<[string, string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    yield [rawHeaders[at] as string, rawHeaders[at + 1] as string];
  }
}

/** The body, unpacked where a server packs it unasked. */
async function bytesOf(message: IncomingMessage): Promise<Bytes> {
  let source: Readable = message;
  const encoding = message.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity") {
    const { createBrotliDecompress, createGunzip, createInflate } = await import("node:zlib");
    const unpack = {
      gzip: createGunzip,
      "x-gzip": createGunzip,
      deflate: createInflate,
      br: createBrotliDecompress,
    };
    const create = Object.hasOwn(unpack, encoding) ? unpack[encoding as keyof typeof unpack] : undefined;
    if (create) {
      const { pipeline } = await import("node:stream");
      const unpacked = create();
      source = unpacked;
      // Its error comes out of what is read.
      pipeline(message, unpacked, () => {});
    }
  }
  return Object.assign(
    { [Symbol.asyncIterator]: () => source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array> },
    { cancel: async () => void message.destroy() },
  ) as Bytes;
}
