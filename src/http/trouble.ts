import { OidcTokenError } from "../errors.js";

/** What a caller can do about a failed connection, by the code of the failure. */
const NETWORK_TROUBLE: readonly (readonly [code: RegExp, sentence: string, hint: string])[] = [
  [
    /CERT|SIGNATURE|SSL|TLS|ISSUER/i,
    "has a TLS certificate that is not trusted here",
    "behind a company's proxy, name its CA certificates in ca_file of the profile; check the clock too",
  ],
  [
    /ENOTFOUND|EAI_AGAIN|EAI_NODATA/i,
    "can't be found by name",
    "check the network, a VPN that may be needed, and issuer in the profile",
  ],
  [/REFUSED/i, "refused the connection", "check that it runs and that host and port are right"],
  [
    /ECONNRESET|EPIPE|SOCKET|CLOSED/i,
    "broke off the connection",
    "try again; if it stays, look for a proxy or firewall in between",
  ],
  [/(?:)/, "can't be reached", "check the network, then try again"],
];

/** The error of a request that got no answer. */
export function networkTrouble(endpoint: string, cause: unknown): OidcTokenError {
  const code = networkCode(cause);
  const [, sentence, hint] = NETWORK_TROUBLE.find(([pattern]) => pattern.test(code)) ?? [];
  return new OidcTokenError("temporary", `${endpoint} ${sentence} (${code})`, `${hint}`, { cause });
}

/** The error of a request whose time was up after so many milliseconds. */
export function silence(endpoint: string, ms: number): OidcTokenError {
  return new OidcTokenError(
    "temporary",
    `${endpoint} did not answer within ${Math.max(1, Math.round(ms / 1000))} s`,
    "check the network and try again; `timeout` in the profile sets how long to wait",
  );
}

/** The error of an answer that stands for trouble of the server's own: 5xx, 429 and 408; undefined for any other. */
export function serverTrouble(endpoint: string, { status, headers }: Response): OidcTokenError | undefined {
  if (status < 500 && status !== 429 && status !== 408) return undefined;
  const wait = Number(headers.get("retry-after") ?? Number.NaN);
  return new OidcTokenError(
    "temporary",
    status === 429
      ? `${endpoint} takes no more requests for now (429)`
      : `${endpoint} is out of order (${status})`,
    Number.isFinite(wait) && wait > 0 ? `try again in ${Math.ceil(wait)} s` : "try again in a minute",
  );
}

/** The code of a failed fetch. Node keeps it in `cause`, Bun in the error itself; nothing else of it is read. */
export function networkCode(error: unknown): string {
  const outer = error as { code?: unknown; cause?: { code?: unknown } } | undefined;
  for (const code of [outer?.cause?.code, outer?.code]) {
    if (typeof code === "string" && /^\w{1,60}$/.test(code)) return code;
  }
  return "fetch failed";
}
