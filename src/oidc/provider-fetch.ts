import type { CustomFetch } from "openid-client";
import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { exchange } from "../http/exchange.js";
import type { KeptDocument, KeptDocuments } from "../http/kept-documents.js";
import { nameOf, serverTrouble } from "../http/trouble.js";
import { type RepairOptions, repairResponse } from "./response-repair.js";

/** Bytes. The largest real answers, discovery documents and tokens with many groups, stay under 100 kB. */
const LARGEST_ANSWER = 1_048_576;

export interface ProviderFetchOptions extends RepairOptions {
  /** Seconds one request may take, its body included. */
  readonly seconds: number;
  /** Ends the whole operation this request is part of. */
  readonly signal: AbortSignal;
  /** Where discovery documents are kept; undefined where they are to be asked for. */
  readonly documents: KeptDocuments;
  /** Do not believe what is kept: ask, and keep that. */
  readonly ask_anew: boolean;
  /** Rewrites the discovery document; other answers are left alone. */
  readonly onDiscovery: (document: Record<string, unknown>) => void;
}

/**
 * The fetch that openid-client is given. What goes wrong below OAuth is told apart here, where host, status and
 * time are known: it throws `temporary` for network trouble, 5xx, 429 and silence, `interrupted` on abort.
 */
export function providerFetch(
  context: Pick<Context, "fetch" | "log" | "redactor">,
  options: ProviderFetchOptions,
): CustomFetch {
  return async (address, { method, headers, body = null }) => {
    const url = new URL(address);
    const is_document = address.includes("/.well-known/");
    const kept = is_document && !options.ask_anew ? options.documents.read(address) : undefined;
    if (kept) return rewritten(kept, options.onDiscovery);
    const endpoint = nameOf(url);
    const started = performance.now();
    const limits = { ...options, largest: LARGEST_ANSWER };
    const { response, text } = await exchange(context, url, { method, headers, body }, limits);
    if (text === undefined) throw tooLarge(endpoint);
    const repaired = repairResponse(response, text, options);
    const { status } = response;
    const error = await errorCode(repaired, context);
    context.log.debug("provider answered", {
      endpoint,
      status,
      ms: Math.round(performance.now() - started),
      error,
    });
    const trouble = serverTrouble(endpoint, response);
    // Auth0 says with 429 what RFC 8628 §3.5 says with 400.
    if (trouble && error !== "slow_down") throw trouble;
    if (!is_document) return repaired;
    const answer = { status: repaired.status, body: status === 200 ? await bodyOf(repaired) : undefined };
    if (isObject(answer.body) || status === 404) options.documents.keep(address, answer);
    return isObject(answer.body) ? rewritten(answer, options.onDiscovery) : repaired;
  };
}

function tooLarge(endpoint: string): OidcTokenError {
  return new OidcTokenError(
    "refused",
    `${endpoint} sent more than 1 MB, which is not an OAuth answer`,
    "check that issuer and endpoints of the profile are right",
  );
}

function rewritten({ status, body }: KeptDocument, change: ProviderFetchOptions["onDiscovery"]): Response {
  if (!isObject(body)) return new Response(null, { status });
  change(body);
  return Response.json(body, { status });
}

function isObject(body: unknown): body is Record<string, unknown> {
  return typeof body === "object" && body !== null;
}

async function errorCode(
  response: Response,
  { redactor }: Pick<Context, "redactor">,
): Promise<string | undefined> {
  const body = response.status >= 400 && (await bodyOf(response));
  const { error } = (body || {}) as { error?: unknown };
  return typeof error === "string" ? redactor.clean(error) : undefined;
}

/** The body in JSON, left to be read again; undefined where it is something else. */
function bodyOf(response: Response): Promise<unknown> {
  return response
    .clone()
    .json()
    .catch(() => undefined);
}
