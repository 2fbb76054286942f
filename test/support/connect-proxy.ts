import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

export interface ConnectProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** What it was asked to connect to, in order. */
  readonly asked: string[];
  /** Answers every request with this status from now on; undefined: works. */
  refuse: number | undefined;
  stop(): Promise<void>;
}

/** A proxy on 127.0.0.1 that knows CONNECT (RFC 9110 §9.3.6) and finds every name on this machine. */
export async function startConnectProxy(credentials?: {
  readonly user: string;
  readonly password: string;
}): Promise<ConnectProxy> {
  const wanted =
    credentials && `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64")}`;
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on("connect", (request: IncomingMessage, client: Socket) => {
    sockets.add(client);
    client.on("error", () => {}).on("close", () => sockets.delete(client));
    proxy.asked.push(request.url ?? "");
    const status =
      wanted !== undefined && request.headers["proxy-authorization"] !== wanted ? 407 : proxy.refuse;
    if (status !== undefined) return void client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    const port = Number(request.url?.split(":").at(-1));
    const upstream = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(upstream).pipe(client);
    });
    upstream.on("error", () => client.destroy());
    // A pipe ends the other end for an end only, not for what is broken off.
    client.on("close", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
    });
  const proxy: ConnectProxy = {
    url: `http://127.0.0.1:${port}`,
    asked: [],
    refuse: undefined,
    stop,
    [Symbol.asyncDispose]: stop,
  };
  return proxy;
}

export interface LoggingProxy {
  readonly url: string;
  /** The first line of each request, as it came in. */
  readonly seen: string[];
  stop(): Promise<void>;
}

/** A proxy that carries nothing and keeps what it is shown: for what must never go through one. */
export async function startLoggingProxy(): Promise<LoggingProxy> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.writeHead(403).end();
  });
  server.on("connect", (request: IncomingMessage, client: Socket) => {
    seen.push(`CONNECT ${request.url}`);
    client.end("HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
