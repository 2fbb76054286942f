import { type ErrorKind, OidcTokenError } from "../errors.js";
import { quote } from "../text.js";

/** What a failed connection stands for, by the code of the failure. What waiting does not mend is no `temporary`. */
const NETWORK_TROUBLE: readonly (readonly [code: RegExp, kind: ErrorKind, sentence: string, hint: string])[] =
  [
    [
      /WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH|UNKNOWN_PROTOCOL/,
      "configuration",
      "does not speak TLS on this port",
      "check host and port in issuer, endpoints or base_url; plain http is only for 127.0.0.1, [::1] and localhost",
    ],
    [
      /ALTNAME/,
      "configuration",
      "has a TLS certificate for another name",
      "check the host in issuer, endpoints or base_url",
    ],
    [
      /EXPIRED|NOT_YET_VALID/,
      "temporary",
      "has a TLS certificate that is not valid at this time",
      "check this machine's clock; if it is right, who runs the server must renew the certificate",
    ],
    [
      /ALERT/,
      "configuration",
      "broke off the TLS handshake",
      "it may want a client certificate: client_cert and client_key in the profile",
    ],
    [
      /CERT|SIGNATURE|SSL|TLS|ISSUER/i,
      "configuration",
      "has a TLS certificate that is not trusted here",
      "behind a company's proxy, name its CA certificates in ca_file of the profile; check the clock too",
    ],
    [
      /ENOTFOUND|EAI_AGAIN|EAI_NODATA/i,
      "temporary",
      "can't be found by name",
      "check how the host is written, the network, and a VPN that may be needed",
    ],
    [
      /REFUSED/i,
      "temporary",
      "refused the connection",
      "check that it runs and that host and port are right",
    ],
    [
      /ECONNRESET|EPIPE|SOCKET|CLOSED/i,
      "temporary",
      "broke off the connection",
      "try again; if it stays, look for a proxy or firewall in between",
    ],
    [
      /^E[MN]FILE$/,
      "temporary",
      "can't be reached: too many files are open",
      "raise the limit, as with ulimit -n 256, or end other programs, and run the command again",
    ],
  ];

/** The error of a request that got no answer. `issued_by` tells more of a certificate that is not trusted. */
export function networkTrouble(endpoint: string, cause: unknown, issued_by?: string): OidcTokenError {
  const code = networkCode(cause);
  const [, kind = "temporary", sentence = "can't be reached", hint = "check the network, then try again"] =
    NETWORK_TROUBLE.find(([pattern]) => pattern.test(code)) ?? [];
  const issuer = issued_by === undefined ? "" : `, issued by ${quote(issued_by)}`;
  return new OidcTokenError(kind, `${endpoint} ${sentence}${issuer} (${code})`, hint, { cause });
}

/** Host and path: the query may hold a code. */
export function nameOf({ host, pathname }: URL): string {
  return `${host}${pathname}`;
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
