import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Dispatcher } from "../http/dispatcher.js";
import { type HeaderLines, requestHeaders } from "./headers.js";
import type { TokenSource } from "./token-source.js";
import { Upload } from "./upload.js";

/** The service behind the server: where requests go, and with what. */
export interface Service {
  readonly dispatcher: Dispatcher;
  /** Scheme, host and port of `base_url`. */
  readonly origin: string;
  readonly tokens: TokenSource;
  readonly header: string;
  readonly header_scheme: string;
}

export interface Answer {
  readonly status: number;
  readonly lines: HeaderLines;
  readonly body: NodeJS.ReadableStream & AsyncIterable<Buffer>;
  /** What it was asked with. */
  readonly token: string;
}

/** A connection that now speaks WebSocket, or what the service says instead. */
export type Upgrade =
  | { readonly socket: Duplex; readonly lines: HeaderLines; readonly token: string }
  | { readonly status: number };

/**
 * Sends a request on and answers what the service says; with another token once more where it refuses the first, as far as
 * the body can be sent again. Throws what undici throws, and what getting a token throws.
 */
export async function ask(service: Service, request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  const { headers } = request;
  const has_body = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  const upload = has_body ? new Upload(request) : undefined;
  try {
    const first = await send(service, request, upload?.stream() ?? null, signal);
    if (first.status !== 401 || !(await service.tokens.renew(first.token))) return first;
    const body = upload ? await upload.again() : null;
    if (body === undefined) return first;
    first.body.resume();
    return await send(service, request, body, signal);
  } finally {
    upload?.end();
  }
}

async function send(
  { dispatcher, origin, tokens, header, header_scheme }: Service,
  { method = "GET", url = "/", rawHeaders }: IncomingMessage,
  body: AsyncGenerator<Buffer> | Buffer | null,
  signal: AbortSignal,
): Promise<Answer> {
  const token = await tokens.token();
  const answer = await dispatcher.request({
    origin,
    path: url,
    method: method as Dispatcher.HttpMethod,
    headers: requestHeaders(rawHeaders, header, `${header_scheme} ${token}`.trim()),
    // It takes anything that can be iterated over; its types know Node's own streams only.
    body: body as Buffer | null,
    signal,
    responseHeaders: "raw",
  });
  const lines = answer.headers as unknown as HeaderLines;
  return { status: answer.statusCode, lines, body: answer.body, token };
}

/** Asks for a WebSocket; with another token once more where the first is refused. Throws as `ask` does. */
export async function askUpgrade(service: Service, request: IncomingMessage): Promise<Upgrade> {
  const token = await service.tokens.token();
  const first = await upgrade(service, request, token);
  if ("socket" in first || first.status !== 401 || !(await service.tokens.renew(token))) return first;
  return await upgrade(service, request, await service.tokens.token());
}

function upgrade(
  { dispatcher, origin, header, header_scheme }: Service,
  { url = "/", rawHeaders }: IncomingMessage,
  token: string,
): Promise<Upgrade> {
  const headers = requestHeaders(rawHeaders, header, `${header_scheme} ${token}`.trim());
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(
      { origin, path: url, method: "GET", upgrade: "websocket", headers },
      {
        onRequestStart() {},
        onRequestUpgrade(_controller, _status, answered, socket) {
          const lines = Object.entries(answered).flatMap(([name, value]) =>
            [value ?? []].flat().flatMap((each) => [name, each]),
          );
          resolve({ socket, lines, token });
        },
        onResponseStart(_controller, status) {
          resolve({ status });
        },
        onResponseData() {},
        onResponseEnd() {},
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}
