import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { OidcTokenError } from "../../errors.js";
import { sameSecret } from "../../sha256.js";
import type { CallbackPage } from "./page.js";

/** Bytes. Browsers send every cookie of `localhost`, whatever its port, so Node's 16 KB can be too few. */
const LARGEST_HEADER = 65_536;
/** Milliseconds a browser has to send its request. */
const REQUEST_PATIENCE = 10_000;
/** Milliseconds a browser has to come for the page and take it, before the program goes on without it. */
const PAGE_PATIENCE = 2000;
/** Where the page is, so that code and state stay in no address bar and no history. The other one where the first is taken. */
const PAGE_PATHS = ["/signed-in", "/done"] as const;

export interface LoopbackServer {
  /** The redirect URI with the port that is listened on. */
  readonly redirect_uri: string;
  /** Resolves once, with the first request that carries the expected `state` and an answer. */
  readonly callback: Promise<Callback>;
  /**
   * Takes the address at which a browser has ended that could not reach this machine, as if it had. Answers what is wrong
   * with it, in a sentence for the person; undefined where it is the one that was waited for.
   */
  take(address: string): string | undefined;
  /** Stops listening and cuts every connection. Safe to call more than once. */
  close(): Promise<void>;
}

export interface Callback {
  readonly url: URL;
  /** Sends the browser to the page, and resolves when it has that, or is gone. */
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
  const page_path = PAGE_PATHS.find((path) => path !== redirect.pathname) ?? "/";
  let taken = false;
  let last: LastPage | undefined;

  const flawOf = (url: URL): Flaw | undefined => {
    if (!sameSecret(url.searchParams.get("state") ?? "", state)) return FLAWS.foreign;
    if (!url.searchParams.has("code") && !url.searchParams.has("error")) return FLAWS.empty;
    return taken ? FLAWS.late : undefined;
  };
  const accept = (given: Callback) => {
    taken = true;
    resolveCallback(given);
  };

  /** To an address without a code, where the page is had once. */
  const show = async (response: ServerResponse, page: CallbackPage): Promise<void> => {
    if (response.destroyed) return;
    const headers = { ...PLAIN, location: redirect.origin + page_path };
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PAGE_PATIENCE);
      const seen = () => {
        clearTimeout(timer);
        resolve();
      };
      last = { page, seen };
      response.writeHead(303, headers).end("The sign-in was answered.\n");
    });
    last = undefined;
  };

  const take = (address: string): string | undefined => {
    const text = /^https?:/i.test(address) ? address : `http://${address}`;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.origin !== redirect.origin || url.pathname !== redirect.pathname)
      return `that is not the address the browser comes back to, which begins with ${redirect.href}`;
    const flaw = flawOf(url);
    if (!flaw) accept({ url, answer: async () => {} });
    return flaw?.told;
  };

  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const refuse = (status: number, sentence: string, headers: Record<string, string> = {}) => {
      response.writeHead(status, { ...PLAIN, ...headers }).end(`${sentence}\n`);
    };
    if (request.headers.host !== redirect.host) return refuse(421, "This address is not served here.");
    const url = URL.canParse(request.url ?? "", redirect.origin)
      ? new URL(request.url ?? "", redirect.origin)
      : undefined;
    const is_page = last !== undefined && url?.pathname === page_path;
    if (url?.origin !== redirect.origin || (url.pathname !== redirect.pathname && !is_page)) {
      return refuse(404, "Nothing is here.");
    }
    if (request.method !== "GET") return refuse(405, "Only GET is answered here.", { allow: "GET" });
    if (last && is_page) {
      send(response, last);
      last = undefined;
      return;
    }
    const flaw = flawOf(url);
    if (flaw) return refuse(flaw.status, flaw.sentence);
    accept({ url, answer: (page) => show(response, page) });
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
  return { redirect_uri: redirect.href, callback, take, close };
}

/** The page that ends a sign-in, until the browser has come for it. */
interface LastPage {
  readonly page: CallbackPage;
  seen(): void;
}

/** Why an answer is not the one that is waited for: to a browser, and to a person who has pasted it. */
interface Flaw {
  readonly status: number;
  readonly sentence: string;
  readonly told: string;
}

const FLAWS = {
  foreign: {
    status: 400,
    sentence: "This answer does not belong to the sign-in that is under way.",
    told: "that address belongs to another sign-in than the one that is under way",
  },
  empty: {
    status: 400,
    sentence: "This answer holds neither a code nor an error.",
    told: "that address holds neither a code nor an error: copy the whole of it, to its end",
  },
  late: {
    status: 410,
    sentence: "This sign-in was answered already.",
    told: "this sign-in was answered already",
  },
} as const satisfies Record<string, Flaw>;

const PLAIN = {
  "content-type": "text/plain; charset=utf-8",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  connection: "close",
};

function send(response: ServerResponse, { page, seen }: LastPage): void {
  response.once("close", seen);
  response
    .writeHead(page.status, {
      ...PLAIN,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": page.policy,
    })
    .end(page.html);
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
