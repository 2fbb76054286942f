import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fetch } from "./requests/requests.js";

/** Bytes of one request. */
const MOST_OF_BODY = 2 ** 24;
/** What is of one connection only (RFC 9110 §7.6.1), or of this one's credentials. */
const NOT_SENT =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|expect|content-length|accept-encoding|authorization|cookie)$/;
/** And what `fetch` has undone, or would lead away from here. */
const NOT_RETURNED =
  /^(?:connection|keep-alive|transfer-encoding|content-length|content-encoding|set-cookie|location)$/;

/** Where requests go, and how: with a token, as the plugin sends them. */
interface Target {
  readonly origin: string;
  readonly fetch: Fetch;
}

/**
 * An address on 127.0.0.1 for clients that can't be told to ask for a token at each request, as OpenCode's for MCP. It lives
 * in OpenCode's own process and goes with it; whoever asks shows a key that is made anew each time, and no browser may.
 */
export class Relay {
  readonly #targets = new Map<string, Target>();
  #server: Promise<Server> | undefined;

  /** The address and the key that stand for this one. Path and query stay, so that what a server says of itself fits. */
  async standFor(address: URL, fetch: Fetch): Promise<{ readonly url: string; readonly key: string }> {
    this.#server ??= listen((request, response) => void this.#serve(request, response));
    const { port } = (await this.#server).address() as AddressInfo;
    const key = randomBytes(32).toString("base64url");
    this.#targets.set(digest(key), { origin: address.origin, fetch });
    return { url: `http://127.0.0.1:${port}${address.pathname}${address.search}`, key };
  }

  async close(): Promise<void> {
    const server = await this.#server?.catch(() => undefined);
    server?.close();
    server?.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "", headers } = request;
    const target = this.#targets.get(digest(headers.authorization?.replace(/^Bearer /, "") ?? ""));
    // A page in a browser names its origin; OpenCode does not.
    if (!target || headers.origin !== undefined) return void response.writeHead(403).end("not for you");
    if (!url.startsWith("/")) return void response.writeHead(400).end();
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const body = await bodyOf(request);
      if (!body) return void response.writeHead(413).end();
      const init = {
        method,
        headers: onward(headers),
        signal: gone.signal,
        ...(body.length > 0 && { body }),
      };
      await pass(await target.fetch(new URL(target.origin + url), init), response);
    } catch (error) {
      if (!gone.signal.aborted) explain(request, response, error as Error);
    }
  }
}

function listen(serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(serve);
  server.unref();
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", () => resolve(server));
  });
}

function digest(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MOST_OF_BODY) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function onward(headers: IncomingMessage["headers"]): Headers {
  const kept = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !NOT_SENT.test(name)) kept.set(name, String(value));
  }
  return kept;
}

async function pass(answer: Response, response: ServerResponse): Promise<void> {
  for (const [name, value] of answer.headers) if (!NOT_RETURNED.test(name)) response.setHeader(name, value);
  response.writeHead(answer.status).flushHeaders();
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) response.write(chunk);
  response.end();
}

/**
 * Why there is no answer, where OpenCode shows it. Of an MCP server it tries the older transport last, which tells no more
 * than the status of the first GET: so that one is let through, and its POST, a moment later, gets the sentence.
 */
function explain({ method, headers, url }: IncomingMessage, response: ServerResponse, error: Error): void {
  if (response.headersSent) return void response.destroy();
  if (method === "GET" && headers.accept?.includes("text/event-stream") && !headers["mcp-session-id"]) {
    response
      .writeHead(200, { "content-type": "text/event-stream" })
      .write(`event: endpoint\ndata: ${url}\n\n`);
    return;
  }
  response.writeHead(502, { "content-type": "text/plain; charset=utf-8" }).end(error.message);
}
