import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What is answered at a path: a document, or something done to the request. */
export type Answer =
  | { readonly document: unknown }
  | { readonly act: (request: IncomingMessage, response: ServerResponse) => void };

export interface DescribedApi {
  readonly origin: string;
  /** Where the API is: it answers 401 to everybody. */
  readonly url: string;
  /** The paths that were asked for, in order. */
  readonly asked: string[];
  /** Changes what a path answers. */
  at(path: string, answer: Answer): void;
  /** The challenge of its 401; undefined: none. */
  challenge: string | undefined;
  stop(): Promise<void>;
}

/** An API on 127.0.0.1 that describes itself by RFC 9728, as far as it is told to. Call `stop`. */
export async function startDescribedApi(path = "/v1"): Promise<DescribedApi> {
  const answers = new Map<string, Answer>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://api");
    asked.push(pathname);
    const answer = answers.get(pathname);
    if (!answer) {
      const is_api = pathname === path;
      response.writeHead(is_api ? 401 : 404, {
        ...(is_api && api.challenge !== undefined && { "www-authenticate": api.challenge }),
      });
      response.end();
    } else if ("act" in answer) answer.act(request, response);
    else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer.document));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api: DescribedApi = {
    origin,
    url: `${origin}${path}`,
    asked,
    at: (where, answer) => void answers.set(where, answer),
    challenge: "Bearer",
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}
