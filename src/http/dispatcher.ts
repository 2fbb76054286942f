import type { Dispatcher } from "undici";
import type { Context, Secrets } from "../context.js";
import { isLoopback } from "../loopback.js";
import type { Profile } from "../profile.js";
import { loopbackAddresses } from "./loopback-addresses.js";
import { type ProxyVariables, proxyVariables } from "./proxy.js";
import { type TlsSettings, tlsSettings } from "./tls.js";

export type { Dispatcher } from "undici";

/** How requests go out. Without `proxies` straight there, whatever the environment says: for loopback hosts. */
export interface Route {
  readonly tls: TlsSettings | undefined;
  readonly proxies?: ProxyVariables & { readonly of_profile: string | undefined };
}

/** Milliseconds. A model may think for long before it says a word, and the client can always give up. */
const HOUR = 3_600_000;
const PATIENT = { headersTimeout: HOUR, bodyTimeout: HOUR };

/** By its file: to Bun the bare name means a few functions of its own, which forward nothing. */
export async function loadUndici(): Promise<typeof import("undici")> {
  return (await import("undici/index.js")).default as typeof import("undici");
}

/** The connections of undici for a route. */
export async function openDispatcher({ tls, proxies }: Route, silence: object = {}): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent } = await loadUndici();
  if (!proxies) return new Agent({ ...silence, connect: { ...tls, lookup: loopbackAddresses } });
  return new EnvHttpProxyAgent({
    ...silence,
    httpProxy: proxies.of_profile ?? proxies.http ?? "",
    httpsProxy: proxies.of_profile ?? proxies.https ?? "",
    noProxy: proxies.except,
    ...(tls && { connect: tls, requestTls: tls }),
    ...(tls?.ca && { proxyTls: { ca: tls.ca } }),
  });
}

/**
 * Connections to a profile's own service, with the same proxy, CA and certificate as its other requests. Throws
 * `configuration` for a file or an address that can't be used.
 */
export async function openGateway(
  base_url: URL,
  profile: Profile,
  secrets: Pick<Secrets, "client_cert" | "client_key">,
  context: Pick<Context, "env" | "redactor">,
): Promise<Dispatcher> {
  const tls = await tlsSettings(profile, secrets, context);
  if (isLoopback(base_url)) return await openDispatcher({ tls }, PATIENT);
  const variables = proxyVariables(context.env);
  for (const proxy of [profile.proxy, variables.http, variables.https]) hideCredentials(proxy, context);
  // That a variable turns checks off for every program is no reason to hand a token to whoever answers.
  const is_off = context.env.NODE_TLS_REJECT_UNAUTHORIZED === "0";
  const route = { tls: is_off ? { ...tls, rejectUnauthorized: true as const } : tls };
  return await openDispatcher({ ...route, proxies: { ...variables, of_profile: profile.proxy } }, PATIENT);
}

/** From now on the password in a proxy's address is masked. */
export function hideCredentials(address: string | undefined, { redactor }: Pick<Context, "redactor">): void {
  if (address === undefined) return;
  const { username, password } = new URL(address);
  if (password === "") return;
  const plain = decodeURIComponent(password);
  const basic = Buffer.from(`${decodeURIComponent(username)}:${plain}`).toString("base64");
  for (const secret of [password, plain, basic]) redactor.add(secret);
}
