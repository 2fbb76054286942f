import type { CustomFetch } from "openid-client";
import { version } from "../../package.json";
import type { Context } from "../context.js";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { deadline } from "../http/deadline.js";
import { interrupted } from "./flows/sign-in-end.js";
import type { Redactor } from "./redact.js";
import { type RepairOptions, repairResponse } from "./response-repair.js";

const USER_AGENT = `oidc-token/${version}`;
/** Bytes. The largest real answers, discovery documents and tokens with many groups, stay under 100 kB. */
const LARGEST_ANSWER = 1_048_576;

export interface ProviderFetchOptions {
  /** Seconds one request may take, its body included. */
  readonly seconds: number;
  /** Ends the whole operation this request is part of. */
  readonly signal: AbortSignal;
  readonly drop_id_token: boolean;
  readonly dialect?: RepairOptions["dialect"];
  /** Rewrites the discovery document; other answers are left alone. */
  readonly onDiscovery: (document: Record<string, unknown>) => void;
}

/**
 * The fetch that openid-client is given. What goes wrong below OAuth is told apart here, where host, status and
 * time are known: it throws `temporary` for network trouble, 5xx, 429 and silence, `interrupted` on abort.
 */
export function providerFetch(
  context: Pick<Context, "fetch" | "log">,
  redactor: Redactor,
  options: ProviderFetchOptions,
): CustomFetch {
  return async (url, init) => {
    const endpoint = nameOf(url);
    const started = performance.now();
    const elapsed = () => Math.round(performance.now() - started);
    const [response, text] = await exchange();
    const repaired = repairResponse(response, text, options);
    const error = await errorCode(repaired, redactor);
    context.log.debug("provider answered", { endpoint, status: response.status, ms: elapsed(), error });
    // Auth0 says with 429 what RFC 8628 §3.5 says with 400.
    const is_trouble = isTemporary(response.status) && error !== "slow_down";
    if (is_trouble) throw troubleAnswer(endpoint, response);
    return url.includes("/.well-known/") ? await rewrite(repaired, options.onDiscovery) : repaired;

    async function exchange(): Promise<readonly [response: Response, text: string]> {
      const limit = deadline(options.seconds, options.signal);
      try {
        const response = await context.fetch(url, {
          method: init.method,
          headers: { ...init.headers, "user-agent": USER_AGENT },
          body: init.body ?? null,
          redirect: "manual",
          signal: limit.signal,
        });
        return [response, await readText(response, endpoint)];
      } catch (error) {
        if (isOidcTokenError(error)) throw error;
        const why = limit.why();
        context.log.debug("no answer from the provider", {
          endpoint,
          ms: elapsed(),
          error: why ?? networkCode(error),
        });
        if (why === "interrupted") throw interrupted();
        if (why === "timeout") throw silence(endpoint, elapsed());
        throw networkTrouble(endpoint, error);
      } finally {
        limit.end();
      }
    }
  };
}

/** Host and path: the query may hold a code. */
function nameOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

async function readText(response: Response, endpoint: string): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > LARGEST_ANSWER) {
      throw new OidcTokenError(
        "temporary",
        `${endpoint} sent more than 1 MB, which is not an OAuth answer`,
        "check that issuer and endpoints of the profile are right, and try again",
      );
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

async function rewrite(
  response: Response,
  change: (document: Record<string, unknown>) => void,
): Promise<Response> {
  if (response.status !== 200) return response;
  const document: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  if (typeof document !== "object" || document === null) return response;
  change(document as Record<string, unknown>);
  return new Response(JSON.stringify(document), { status: 200, headers: response.headers });
}

async function errorCode(response: Response, redactor: Redactor): Promise<string | undefined> {
  if (response.status < 400) return undefined;
  try {
    const { error } = (await response.clone().json()) as { error?: unknown };
    return typeof error === "string" ? redactor.clean(error) : undefined;
  } catch {
    return undefined;
  }
}

function isTemporary(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

function troubleAnswer(endpoint: string, response: Response): OidcTokenError {
  const wait = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new OidcTokenError(
    "temporary",
    response.status === 429
      ? `${endpoint} takes no more requests for now (429)`
      : `${endpoint} is out of order (${response.status})`,
    Number.isFinite(wait) && wait > 0 ? `try again in ${Math.ceil(wait)} s` : "try again in a minute",
  );
}

function silence(endpoint: string, ms: number): OidcTokenError {
  return new OidcTokenError(
    "temporary",
    `${endpoint} did not answer within ${Math.max(1, Math.round(ms / 1000))} s`,
    "check the network and try again; `timeout` in the profile sets how long to wait",
  );
}

function networkTrouble(endpoint: string, error: unknown): OidcTokenError {
  const code = networkCode(error);
  const [sentence, hint] = explain(code);
  return new OidcTokenError("temporary", `${endpoint} ${sentence} (${code})`, hint, { cause: error });
}

function explain(code: string): readonly [sentence: string, hint: string] {
  if (/CERT|SIGNATURE|SSL|TLS|ISSUER/i.test(code)) {
    return [
      "has a TLS certificate that is not trusted here",
      "behind a company's proxy, name its CA certificates in ca_file of the profile; check the clock too",
    ];
  }
  if (/ENOTFOUND|EAI_AGAIN|EAI_NODATA/i.test(code)) {
    return [
      "can't be found by name",
      "check the network, a VPN that may be needed, and issuer in the profile",
    ];
  }
  if (/REFUSED/i.test(code)) {
    return ["refused the connection", "check that the provider runs and that host and port are right"];
  }
  if (/ECONNRESET|EPIPE|SOCKET|CLOSED/i.test(code)) {
    return ["broke off the connection", "try again; if it stays, look for a proxy or firewall in between"];
  }
  return ["can't be reached", "check the network, then try again"];
}

/** The code of a failed fetch. Node keeps it in `cause`, Bun in the error itself; nothing else of it is read. */
function networkCode(error: unknown): string {
  const outer = error as { code?: unknown; cause?: { code?: unknown } } | undefined;
  for (const code of [outer?.cause?.code, outer?.code]) {
    if (typeof code === "string" && /^\w{1,60}$/.test(code)) return code;
  }
  return "fetch failed";
}
