import type { Context, Secrets } from "../context.js";
import { isLoopback } from "../loopback.js";
import type { Profile } from "../profile.js";
import { hideCredentials, loadUndici, openDispatcher, type Route } from "./dispatcher.js";

import { deadProxy, hostOf, proxyTrouble, proxyVariables, urlOf } from "./proxy.js";

import { certificateIssuer, tlsSettings } from "./tls.js";
import { nameOf, networkCode, networkTrouble } from "./trouble.js";

type Fetch = typeof globalThis.fetch;

/** The codes, of OpenSSL, of a certificate whose issuer is unknown. */
const UNTRUSTED =
  /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY|GET_ISSUER)\w*)$/;

/**
 * The fetch for the requests of one profile: through the proxy that the profile or the environment names, trusting
 * `ca_file` too, with the client certificate. Without any of these it is that of the context. In Node only what goes
 * through a proxy takes undici, which is slow to load. A loopback host is never asked through a proxy, to which plain
 * http would show every token.
 * Throws `configuration` for a file or an address that can't be used.
 */
export async function openTransport(
  profile: Profile,
  secrets: Pick<Secrets, "client_cert" | "client_key">,
  context: Pick<Context, "fetch" | "env" | "redactor">,
): Promise<Fetch> {
  const tls = await tlsSettings(profile, secrets, context);
  const variables = proxyVariables(context.env);
  const named = [profile.proxy, variables.http, variables.https].filter((proxy) => proxy !== undefined);
  for (const proxy of named) hideCredentials(proxy, context);
  const is_plain = !tls && named.length === 0;
  const open = process.versions.bun ? bunFetch : nodeFetch;
  const straight = once(() => open({ tls }, context.fetch));
  const strict = context.env.NODE_TLS_REJECT_UNAUTHORIZED === "0" && ({ rejectUnauthorized: true } as const);
  const proxies = { ...variables, of_profile: profile.proxy };
  const away = once(async () =>
    is_plain && !strict
      ? context.fetch
      : open({ tls: strict ? { ...tls, ...strict } : tls, proxies }, context.fetch),
  );

  async function toLoopback(url: URL, ...[input, init]: Parameters<Fetch>): Promise<Response> {
    if (!is_plain) return await (await straight())(input, init);
    return await context.fetch(input, init).catch(async (error: unknown) => {
      if (!isRefusedOnOne(url, error)) throw error;
      return await (await straight())(input, init);
    });
  }
  return async (input, init) => {
    const url = urlOf(input);
    const is_near = isLoopback(url);
    try {
      return is_near ? await toLoopback(url, input, init) : await (await away())(input, init);
    } catch (error) {
      if (!is_near && named.length > 0) {
        const known = proxyTrouble(error, hostOf(url), named);
        throw known ?? (process.versions.bun && (await deadProxy(error, named))) ?? error;
      }
      if (!UNTRUSTED.test(networkCode(error))) throw error;
      throw networkTrouble(nameOf(url), error, await certificateIssuer(url));
    }
  };
}

/** `localhost` may be known under one address only, and the server may listen on the other. */
function isRefusedOnOne(url: URL, error: unknown): boolean {
  return url.hostname === "localhost" && /REFUSED/i.test(networkCode(error));
}

/** Bun's fetch takes a proxy and TLS settings itself, and follows the variables of its own accord unless told `false`. */
async function bunFetch({ tls, proxies }: Route, fetch: Fetch): Promise<Fetch> {
  const proxy = proxies ? proxies.of_profile : false;
  const options = { ...(proxy !== undefined && { proxy }), ...(tls && { tls }) } as object;
  return async (input, init) => {
    const request = { ...init, ...options };
    return await fetch(input, request).catch((error: unknown) => {
      const url = urlOf(input);
      if (!isRefusedOnOne(url, error) || url.protocol !== "http:") throw error;
      const headers = new Headers(init?.headers);
      headers.set("host", url.host);
      url.hostname = "[::1]";
      return fetch(url, { ...request, headers });
    });
  };
}

async function nodeFetch(route: Route): Promise<Fetch> {
  if (!route.proxies || !isProxied(route.proxies)) {
    const { straightFetch } = await import("./straight.js");
    return straightFetch(route.tls);
  }
  const { fetch } = await loadUndici();
  const dispatcher = await openDispatcher(route);
  // The fetch of the same package: the one inside Node may be of a version that can't work with this dispatcher.
  return ((input, init) =>
    fetch(input as string | URL, {
      ...(init as object),
      dispatcher,
    }) as unknown as Promise<Response>) as Fetch;
}

function isProxied({ of_profile, http, https }: NonNullable<Route["proxies"]>): boolean {
  return [of_profile, http, https].some((proxy) => proxy !== undefined);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
