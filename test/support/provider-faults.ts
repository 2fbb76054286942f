import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/** What is wrong with a provider. `path` limits it to one endpoint, `times` to so many requests. */
export type Fault = (
  | { readonly kind: "hang" }
  /** Nobody listens on the port. */
  | { readonly kind: "refuse" }
  /** The connection breaks before an answer. */
  | { readonly kind: "reset" }
  /** The provider does its work, and the answer never arrives. */
  | { readonly kind: "lost" }
  | { readonly kind: "slow"; readonly ms: number }
  /** An error that says back everything it was asked with. */
  | { readonly kind: "echo"; readonly status: number; readonly error: string }
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
) & { readonly path?: string; times?: number };

/** Ready-made ones. */
export const FAULTS = {
  hang: { kind: "hang" },
  refuse: { kind: "refuse" },
  reset: { kind: "reset" },
  lost: { kind: "lost", path: "/token" },
  "503": { kind: "answer", status: 503, body: "Service Unavailable" },
  "429": { kind: "answer", status: 429, body: '{"error":"too_many"}', headers: { "retry-after": "7" } },
  garbage: { kind: "answer", status: 200, body: "<html>Welcome to the hotel's network" },
} as const satisfies Record<string, Fault>;

/** Lets the fault act on this request, or hands it to the provider. */
export async function applyFault(
  fault: Fault | undefined,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  serve: () => void,
): Promise<void> {
  if (fault === undefined || (fault.path !== undefined && fault.path !== path)) return serve();
  if (fault.times !== undefined) {
    if (fault.times <= 0) return serve();
    fault.times -= 1;
  }
  switch (fault.kind) {
    case "hang":
      return;
    case "reset":
      request.socket.destroy();
      return;
    case "slow":
      setTimeout(() => request.destroyed || serve(), fault.ms).unref();
      return;
    case "answer":
      response.writeHead(fault.status, { "content-type": "text/html", ...fault.headers }).end(fault.body);
      return;
    case "echo": {
      const { status, error } = fault;
      const asked = new URLSearchParams(await text(request));
      const error_description = [request.headers.authorization ?? "", ...asked.values()].join(" ");
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error, error_description }));
      return;
    }
    default:
      serve();
  }
}
