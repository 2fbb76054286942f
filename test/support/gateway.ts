import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createRemoteJWKSet, jwtVerify } from "jose";

export interface GatewayOptions {
  /** Who signs the tokens it lets through; its keys are asked for at `jwks_uri`. */
  readonly issuer?: string;
  readonly jwks_uri?: string;
  readonly audience?: string;
  /** Keys it lets through as well. */
  readonly keys?: readonly string[];
  /** Where the credential is expected; default `authorization`. */
  readonly header?: string;
  /** Where requests it lets through go; without it, it answers them itself. Ends without a slash. */
  readonly upstream?: string;
}

/** A request as the gateway saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** What stood in the header, without its scheme; undefined where there was none. */
  readonly credential: string | undefined;
  readonly allowed: boolean;
  readonly body: string;
}

/** What a gateway says in place of an answer. */
export interface Trouble {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Gateway {
  readonly origin: string;
  readonly url: string;
  readonly requests: SeenRequest[];
  /** Credentials it no longer lets through, whatever they say of themselves. */
  readonly revoked: Set<string>;
  /** Called with each request before it is judged; what it answers in time delays the request. */
  before: ((credential: string | undefined) => Promise<void> | void) | undefined;
  /** Called with each request it would let through; an answer in place of the model's, if any. */
  instead: ((seen: SeenRequest) => Trouble | undefined) | undefined;
  /** Stops answering, on the same port, until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A gateway on 127.0.0.1 as a company puts before its models: it checks signature, issuer, audience and time of the
 * JWT in each request by the provider's key set (RFC 7519, RFC 9068) and answers 401 to all others. Call `stop`.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const jwks = options.jwks_uri === undefined ? undefined : createRemoteJWKSet(new URL(options.jwks_uri));
  const header = options.header?.toLowerCase() ?? "authorization";
  const server = createServer((request, response) => void serve(request, response));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;

  const gateway: Gateway = {
    origin,
    url: `${origin}/v1`,
    requests: [],
    revoked: new Set(),
    before: undefined,
    instead: undefined,
    pause: close,
    resume: () => listen(port),
    stop: close,
  };
  return gateway;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    const credential = credentialIn(request.headers[header]);
    await gateway.before?.(credential);
    const refusal = await judge(credential);
    const { method = "GET", url: path = "/", headers } = request;
    const seen = { method, path, headers, credential, allowed: refusal === undefined, body };
    gateway.requests.push(seen);
    if (refusal !== undefined) {
      response.writeHead(401, {
        "content-type": "application/json",
        "www-authenticate": `Bearer error="invalid_token", error_description="${refusal}"`,
      });
      response.end(JSON.stringify({ error: { message: refusal, type: "invalid_token" } }));
      return;
    }
    const trouble = gateway.instead?.(seen);
    if (trouble) {
      response.writeHead(trouble.status, { "content-type": "application/json", ...trouble.headers });
      response.end(JSON.stringify({ error: { message: trouble.message } }));
      return;
    }
    if (options.upstream === undefined) {
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ path, answer: "ok" }));
      return;
    }
    forward(options.upstream, request, body, response);
  }

  async function judge(credential: string | undefined): Promise<string | undefined> {
    if (credential === undefined) return "no token";
    if (gateway.revoked.has(credential)) return "token revoked";
    if (options.keys?.includes(credential)) return undefined;
    if (jwks === undefined) return "unknown key";
    try {
      const { issuer, audience } = options;
      await jwtVerify(credential, jwks, { ...(issuer && { issuer }), ...(audience && { audience }) });
      return undefined;
    } catch (error) {
      return `token not accepted (${(error as { code?: string }).code ?? "no key set"})`;
    }
  }

  function listen(at: number): Promise<void> {
    return new Promise((resolve, reject) =>
      server.once("error", reject).listen(at, "127.0.0.1", () => resolve()),
    );
  }

  function close(): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}

function credentialIn(value: string | string[] | undefined): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  return value.replace(/^Bearer /i, "");
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}

function forward(upstream: string, request: IncomingMessage, body: string, response: ServerResponse): void {
  const target = `${upstream}${request.url?.replace(/^\/v1/, "")}`;
  const { authorization: _token, host: _host, "content-length": _length, ...headers } = request.headers;
  const onward = httpRequest(target, { method: request.method ?? "GET", headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.headersSent || response.writeHead(502).end());
  onward.end(body);
}
