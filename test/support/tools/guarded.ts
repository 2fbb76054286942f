import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createRemoteJWKSet, jwtVerify } from "jose";
import type { Certificate } from "../certificates.js";
import { CLIENTS, type TestProvider } from "../provider.js";

export interface GuardedOptions {
  /** https with this certificate; plain http without. */
  readonly tls?: Certificate;
  /** What the 401 asks for. */
  readonly challenge: string;
  /** Takes ID tokens of the client in place of access tokens. */
  readonly id_token?: boolean;
  /** Paths anybody may ask for. */
  readonly open?: RegExp;
  /** Is given only requests that brought a valid token. */
  answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void;
}

export interface SeenCall {
  readonly method: string;
  readonly path: string;
  /** `Basic`, `Bearer`, or none. */
  readonly scheme: string | undefined;
  readonly user: string | undefined;
  readonly token: string | undefined;
  readonly allowed: boolean;
}

/** A tool's server, which takes a token as a bearer token, or as the password of any user. */
export interface Guarded {
  readonly url: string;
  readonly host: string;
  readonly calls: SeenCall[];
  /** Tokens it no longer lets through. */
  readonly revoked: Set<string>;
  stop(): Promise<void>;
}

/** A server on 127.0.0.1 that checks signature, issuer and time of each token by the provider's keys. Call `stop`. */
export async function startGuarded(provider: TestProvider, options: GuardedOptions): Promise<Guarded> {
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
  const calls: SeenCall[] = [];
  const revoked = new Set<string>();
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "GET", url: path = "/" } = request;
    const brought = credential(request.headers.authorization);
    const allowed = await isValid(brought.token);
    calls.push({ method, path, ...brought, allowed });
    if (allowed || options.open?.test(path)) return options.answer(request, response, Buffer.concat(chunks));
    response.writeHead(401, { "www-authenticate": options.challenge, "content-type": "application/json" });
    response.end('{"errors":[{"code":"UNAUTHORIZED"}]}');
  };
  const isValid = async (token: string | undefined): Promise<boolean> => {
    if (token === undefined || revoked.has(token)) return false;
    const audience = options.id_token ? CLIENTS.public.client_id : undefined;
    return await jwtVerify(token, keys, { issuer: provider.issuer, ...(audience && { audience }) }).then(
      () => true,
      () => false,
    );
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => void serve(request, response);
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${options.tls ? "https" : "http"}://${host}`,
    host,
    calls,
    revoked,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function credential(header: string | undefined): Pick<SeenCall, "scheme" | "user" | "token"> {
  const [scheme, value = ""] = header?.split(" ") ?? [];
  if (scheme !== "Basic") return { scheme, user: undefined, token: value || undefined };
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return { scheme, user: text.slice(0, colon), token: text.slice(colon + 1) };
}

/** Answers JSON. */
export function json(response: ServerResponse, value: unknown, type = "application/json"): void {
  response.writeHead(200, { "content-type": type }).end(JSON.stringify(value));
}
