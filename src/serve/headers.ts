import { KEY_HEADERS } from "./gate.js";

/** Header lines as Node and undici give and take them: name, value, name, value … */
export type HeaderLines = readonly string[];

/** RFC 9110 §7.6.1, and what older programs still send. They speak of one connection, and ours are two. */
const HOP_BY_HOP: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** What stays here of a request: the client's own credentials, and what is about this server. */
const NOT_SENT: readonly string[] = [
  ...HOP_BY_HOP,
  ...KEY_HEADERS,
  "cookie",
  "host",
  "expect",
  "http2-settings",
];

/** What stays here of a response: cookies, which a browser would keep for all of this machine, and what leads elsewhere. */
const NOT_RETURNED: readonly string[] = [...HOP_BY_HOP, "set-cookie", "alt-svc", "strict-transport-security"];

function* pairs(lines: HeaderLines): Generator<readonly [name: string, value: string]> {
  for (let at = 0; at + 1 < lines.length; at += 2) yield [lines[at] as string, lines[at + 1] as string];
}

/** The names in the Connection headers: they are hop by hop too. */
function named(lines: HeaderLines): readonly string[] {
  return [...pairs(lines)]
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(","))
    .map((name) => name.trim());
}

/** What goes on to the service of a client's headers, with the one that carries the token. */
export function requestHeaders(lines: HeaderLines, header: string, value: string): string[] {
  const dropped = new Set([...NOT_SENT, ...named(lines), header.toLowerCase()]);
  const kept = [...pairs(lines)].filter(([name]) => !dropped.has(name.toLowerCase()));
  return [...kept.flat(), header, value];
}

/**
 * What goes back to the client of the service's headers: no permission for other origins, nothing that holds the token, and
 * a redirect to the service itself led back here, so that it never leaves with more than the client's own key.
 */
export function responseHeaders(
  lines: HeaderLines,
  { token, service, here }: { readonly token: string; readonly service: string; readonly here: string },
): string[] {
  const dropped = new Set([...NOT_RETURNED, ...named(lines)]);
  return [...pairs(lines)].flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    if (dropped.has(lower) || lower.startsWith("access-control-") || value.includes(token)) return [];
    const is_own = lower === "location" && (value === service || value.startsWith(`${service}/`));
    return [name, is_own ? here + value.slice(service.length) : value];
  });
}
