import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { OidcTokenError } from "../../errors.js";
import { sameSecret } from "../../sha256.js";
import type { CallbackPage } from "./page.js";

/** Bytes. Browsers send every cookie of `localhost`, whatever its port, so Node's 16 KB can be too few. */
const LARGEST_HEADER = 65_536;
/** Milliseconds a browser has to send its request. */
const REQUEST_PATIENCE = 10_000;
/** Milliseconds a browser has to take the page, before the program goes on without it. */
const PAGE_PATIENCE = 2000;

export interface LoopbackServer {
  /** The redirect URI with the port that is listened on. */
  readonly redirect_uri: string;
  /** Resolves once, with the first request that carries the expected `state` and an answer. */
  readonly callback: Promise<Callback>;
  /** Stops listening and cuts every connection. Safe to call more than once. */
  close(): Promise<void>;
}

export interface Callback {
  readonly url: URL;
  /** Sends the page and resolves when the browser has it, or is gone. */
  answer(page: CallbackPage): Promise<void>;
}

/**
 * Listens for the redirect of RFC 8252 §7.3 on the loopback addresses of `redirect_uri` (http, loopback host; an
 * absent port means any free one). Whatever is not the expected request is refused and does not end the wait.
 * Throws `configuration` where the port is taken.
 */
export async function listenForCallback(redirect_uri: URL, state: string): Promise<LoopbackServer> {
  const servers: Server[] = [];
  let resolveCallback: (callback: Callback) => void;
  const callback = new Promise<Callback>((resolve) => {
    resolveCallback = resolve;
  });
  const close = async () => {
    await Promise.all(servers.map(closeServer));
  };
  const redirect = new URL(redirect_uri);
  let taken = false;

  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const refuse = (status: number, sentence: string, headers: Record<string, string> = {}) => {
      response.writeHead(status, { ...PLAIN, ...headers }).end(`${sentence}\n`);
    };
    if (request.headers.host !== redirect.host) return refuse(421, "This address is not served here.");
    const url = URL.canParse(request.url ?? "", redirect.origin)
      ? new URL(request.url ?? "", redirect.origin)
      : undefined;
    if (url?.origin !== redirect.origin || url.pathname !== redirect.pathname) {
      return refuse(404, "Nothing is here.");
    }
    if (request.method !== "GET") return refuse(405, "Only GET is answered here.", { allow: "GET" });
    if (!sameSecret(url.searchParams.get("state") ?? "", state)) {
      return refuse(400, "This answer does not belong to the sign-in that is under way.");
    }
    if (!url.searchParams.has("code") && !url.searchParams.has("error")) {
      return refuse(400, "This answer holds neither a code nor an error.");
    }
    if (taken) return refuse(410, "This sign-in was answered already.");
    taken = true;
    resolveCallback({ url, answer: (page) => send(response, page) });
  };

  try {
    for (const address of addressesOf(redirect)) {
      const port = redirect.port === "" ? 0 : Number(redirect.port);
      const server = createServer(
        { maxHeaderSize: LARGEST_HEADER, headersTimeout: REQUEST_PATIENCE, requestTimeout: REQUEST_PATIENCE },
        handle,
      );
      const listening = await listen(server, address, port);
      if (!listening) continue;
      servers.push(server);
      redirect.port = String((server.address() as AddressInfo).port);
    }
    if (servers.length === 0) throw unusable(redirect, "no loopback address");
  } catch (error) {
    await close();
    throw error;
  }
  return { redirect_uri: redirect.href, callback, close };
}

const PLAIN = {
  "content-type": "text/plain; charset=utf-8",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  connection: "close",
};

function send(response: ServerResponse, page: CallbackPage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PAGE_PATIENCE);
    response.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    response
      .writeHead(page.status, {
        ...PLAIN,
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": page.policy,
      })
      .end(page.html);
  });
}

function addressesOf(redirect: URL): readonly string[] {
  if (redirect.hostname === "localhost") return ["127.0.0.1", "::1"];
  return [redirect.hostname.replace(/^\[|\]$/g, "")];
}

/** False where this machine lacks the address, as many containers lack ::1. */
function listen(server: Server, address: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT") resolve(false);
      else reject(cannotListen(address, port, error));
    });
    server.listen({ host: address, port, exclusive: true }, () => {
      server.removeAllListeners("error");
      // One connection that can't be taken must not end the wait for the next.
      server.on("error", () => undefined);
      resolve(true);
    });
  });
}

function cannotListen(address: string, port: number, error: NodeJS.ErrnoException): OidcTokenError {
  if (error.code === "EADDRINUSE") {
    return new OidcTokenError(
      "configuration",
      `port ${port} on ${address} is in use, and the sign-in must come back there`,
      `end the program that listens on port ${port} (another sign-in, perhaps), or change redirect_uri here and at the provider`,
    );
  }
  if (error.code === "EACCES") {
    return new OidcTokenError(
      "configuration",
      `this user may not listen on port ${port}`,
      "choose a port above 1023 in redirect_uri, here and at the provider",
    );
  }
  return new OidcTokenError(
    "configuration",
    `can't listen on ${address}, port ${port} (${error.code ?? "unknown"})`,
    "use flow device_code, or another redirect_uri",
    { cause: error },
  );
}

function unusable(redirect: URL, why: string): OidcTokenError {
  return new OidcTokenError(
    "configuration",
    `can't listen for ${redirect.href}: ${why} on this machine`,
    "use 127.0.0.1 in redirect_uri, or flow device_code",
  );
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
