import { randomBytes } from "node:crypto";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { networkTrouble } from "../http/trouble.js";
import { type Gate, type Refusal, refusalOf } from "./gate.js";
import { responseHeaders } from "./headers.js";
import { ask, askUpgrade, type Service } from "./service.js";

export interface ServerPort extends Service {
  /** The whole of `base_url`. */
  readonly base_url: URL;
  /** Redacted: it is shown to the client. */
  readonly redact: (text: string) => string;
  readonly log: (message: string, fields: Readonly<Record<string, string | number>>) => void;
}

/** A server that accepts requests. */
export interface Serving {
  /** What takes the place of `base_url`. */
  readonly url: string;
  /** What takes the place of an API key; made for this run. */
  readonly key: string;
  close(): Promise<void>;
}

/**
 * Serves one profile's `base_url` on 127.0.0.1: each request of who has the key goes on with a token. Port 0 is a free one.
 *
 * @throws OidcTokenError `usage` where the port can't be had
 */
export async function startServer(port: ServerPort, listen_at: number): Promise<Serving> {
  // From version 24.9 on; before that whatever asks for any upgrade is treated as such.
  const only_websocket = { shouldUpgradeCallback: isWebSocket } as object;
  // An upload may take any time; without a word on headers, theirs would have no end either.
  const times = { keepAliveTimeout: 65_000, headersTimeout: 60_000, requestTimeout: 0 };
  const server = createServer({ ...only_websocket, ...times });
  await listen(server, listen_at);
  const gate: Gate = {
    port: (server.address() as AddressInfo).port,
    key: randomBytes(32).toString("base64url"),
    base_path: port.base_url.pathname.replace(/\/+$/, ""),
  };
  const here = `http://127.0.0.1:${gate.port}`;
  server.on("request", (request, response) => void serve(port, gate, request, response));
  server.on("upgrade", (request, socket, head) => {
    if (isWebSocket(request)) void serveUpgrade(port, gate, request, socket, head);
    else ignoreUpgrade(server, request, socket, head);
  });
  const sockets = new Set<Duplex>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return {
    url: here + gate.base_path,
    key: gate.key,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      // Those that speak WebSocket are no longer the server's own.
      for (const socket of sockets) socket.destroy();
      await closed;
      await port.dispatcher.destroy();
    },
  };
}

const NOTHING = Buffer.alloc(0);

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "another program has it" : (cause.code ?? "unknown error");
      const hint = "name another one, or leave --port out: a free one is taken then";
      reject(new OidcTokenError("usage", `port ${port} can't be had: ${why}`, hint, { cause }));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}

async function serve(
  port: ServerPort,
  gate: Gate,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = refusalOf(request, gate);
  if (refusal) {
    answer(response, refusal);
    return;
  }
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    const { status, lines, body, token } = await ask(port, request, gone.signal);
    const here = `http://127.0.0.1:${gate.port}`;
    response.writeHead(status, responseHeaders(lines, { token, service: port.origin, here }));
    // In place of flushHeaders(), which writes Latin-1 as UTF-8.
    response.write(NOTHING);
    await pipeline(body, response);
  } catch (error) {
    if (gone.signal.aborted) return;
    const trouble = troubleOf(port, error);
    port.log(trouble.message, { status: trouble.status });
    // Half an answer must not look like a whole one.
    if (response.headersSent) response.destroy();
    else answer(response, trouble);
  }
}

async function serveUpgrade(
  port: ServerPort,
  gate: Gate,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
): Promise<void> {
  client.on("error", () => client.destroy());
  const refuse = (status: number): void => {
    client.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    );
  };
  const refusal = refusalOf(request, gate);
  if (refusal) {
    refuse(refusal.status);
    return;
  }
  try {
    const upgrade = await askUpgrade(port, request);
    if (!("socket" in upgrade)) {
      refuse(upgrade.status);
      return;
    }
    const { socket, lines, token } = upgrade;
    const here = `http://127.0.0.1:${gate.port}`;
    const headers = responseHeaders(lines, { token, service: port.origin, here });
    let text = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n";
    for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
    client.write(`${text}\r\n`);
    if (head.length > 0) socket.write(head);
    const end = (): void => {
      client.destroy();
      socket.destroy();
    };
    // Each may close its half first; once both are done, or one fails, both go.
    await Promise.all([pipeline(client, socket), pipeline(socket, client)]).then(end, end);
  } catch (error) {
    const trouble = troubleOf(port, error);
    port.log(trouble.message, { status: trouble.status });
    refuse(trouble.status);
  }
}

/** Answers what would rather speak another protocol, such as h2c, in HTTP/1.1: as a request that does not ask for it. */
function ignoreUpgrade(
  server: Server,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.toLowerCase() !== "upgrade") text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, "latin1"), head]));
  server.emit("connection", socket);
}

function isWebSocket({ headers }: Pick<IncomingMessage, "headers">): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

/** Only what was written to be shown: the causes of errors may hold tokens. */
function troubleOf({ base_url, redact }: ServerPort, error: unknown): Refusal {
  const { kind, message, hint } = isOidcTokenError(error) ? error : networkTrouble(base_url.host, error);
  const status = kind === "sign_in_needed" ? 401 : kind === "temporary" ? 503 : 502;
  return { status: isOidcTokenError(error) ? status : 502, message: redact(`${message}; ${hint}`) };
}

/** In the form that clients of OpenAI's API and most others show. */
function answer(response: ServerResponse, { status, message }: Refusal): void {
  const body = JSON.stringify({ error: { message: `oidc-token: ${message}`, type: "oidc_token" } });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    connection: "close",
  });
  response.end(body);
}
