import { OidcTokenError } from "../errors.js";
import type { Environment } from "../paths.js";
import { networkCode } from "./trouble.js";

export interface ProxyVariables {
  readonly http: string | undefined;
  readonly https: string | undefined;
  /** NO_PROXY: hosts and domains that are asked without a proxy. */
  readonly except: string;
}

/**
 * The usual variables, lower case before upper case as curl has it. Throws `configuration` for one that is no http or
 * https address; its value is not repeated, because it may hold a password.
 */
export function proxyVariables(env: Environment): ProxyVariables {
  return {
    http: proxyIn(env, "http_proxy"),
    https: proxyIn(env, "https_proxy"),
    except: env.no_proxy ?? env.NO_PROXY ?? "",
  };
}

function proxyIn(env: Environment, lower: string): string | undefined {
  const name = [lower, lower.toUpperCase()].find((candidate) => env[candidate]?.trim());
  if (name === undefined) return undefined;
  const text = env[name]?.trim() ?? "";
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return address;
  throw new OidcTokenError(
    "configuration",
    `the variable ${name} is no address of an http proxy`,
    "write it as in http://proxy.example.com:3128, or unset it; `proxy` in the profile goes before it",
  );
}

/** The address of what is fetched. Without asking for the class of a Request: in Node that name alone loads undici. */
export function urlOf(input: string | URL | Request): URL {
  return new URL(typeof input === "string" || input instanceof URL ? input : input.url);
}

/** Host and port of what is fetched. */
export function hostOf(input: string | URL | Request): string {
  const url = urlOf(input);
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
}

/** The error where the proxy, and not the provider, is what went wrong; undefined where that can't be told. */
export function proxyTrouble(
  error: unknown,
  target: string,
  proxies: readonly string[],
): OidcTokenError | undefined {
  const causes = chainOf(error);
  const status = causes.map(tunnelStatus).find((answered) => answered !== undefined);
  if (status !== undefined) return refusedByProxy(status, target, proxies);
  const cause = causes.at(-1) ?? {};
  const unreachable = proxies.find((proxy) => {
    const host = hostOf(proxy);
    return (
      host !== target && (cause.hostname === new URL(proxy).hostname || `${cause.port}` === portIn(host))
    );
  });
  if (unreachable === undefined || typeof cause.code !== "string") return undefined;
  return outOfReach(unreachable, cause.code, error);
}

/** Milliseconds for which a proxy is waited for to find out whether it is the one that is away. */
const PATIENCE = 3_000;

/** The same for Bun, whose error does not tell which of the two it could not reach: the proxies are asked. */
export async function deadProxy(
  error: unknown,
  proxies: readonly string[],
): Promise<OidcTokenError | undefined> {
  if (!/REFUSED|NOTFOUND|UNREACH|TIMEDOUT/i.test(networkCode(error))) return undefined;
  const { connect } = await import("node:net");
  for (const proxy of proxies) {
    const { hostname, port, protocol } = new URL(proxy);
    const socket = connect(
      Number(port) || (protocol === "https:" ? 443 : 80),
      hostname.replace(/^\[|\]$/g, ""),
    );
    const code = await new Promise<string | undefined>((resolve) => {
      socket.setTimeout(PATIENCE, () => resolve("ETIMEDOUT"));
      socket.once("error", (trouble) => resolve(networkCode(trouble)));
      socket.once("connect", () => resolve(undefined));
    }).finally(() => socket.destroy());
    if (code !== undefined) return outOfReach(proxy, code, error);
  }
  return undefined;
}

function outOfReach(proxy: string, code: string, cause: unknown): OidcTokenError {
  return new OidcTokenError(
    "temporary",
    `the proxy ${hostOf(proxy)} can't be reached (${code})`,
    "check the network, and the proxy in the profile or in HTTPS_PROXY",
    { cause },
  );
}

function refusedByProxy(status: number, target: string, proxies: readonly string[]): OidcTokenError {
  const names = [...new Set(proxies.map(hostOf))].join(" or ");
  // tinyproxy answers 401 to a wrong password.
  if (status === 407 || status === 401) {
    return new OidcTokenError(
      "configuration",
      `the proxy ${names} wants a user name and a password, or does not accept these (${status})`,
      "write them into its address, as in http://user:password@proxy.example.com:3128",
    );
  }
  if (status >= 500) {
    return new OidcTokenError(
      "temporary",
      `the proxy ${names} can't reach ${target} (${status})`,
      "try again; if it stays, check the issuer, or list its host in NO_PROXY if it is inside your network",
    );
  }
  return new OidcTokenError(
    "configuration",
    `the proxy ${names} does not let this program reach ${target} (${status})`,
    "ask who runs the proxy to allow that host, or list it in NO_PROXY if it is inside your network",
  );
}

type Cause = Readonly<Record<string, unknown>>;

/** An error and what caused it, as Node's fetch nests them. */
function chainOf(error: unknown): Cause[] {
  const chain: Cause[] = [];
  for (let cause = error; typeof cause === "object" && cause !== null && chain.length < 5; ) {
    chain.push(cause as Cause);
    cause = (cause as Cause).cause;
  }
  return chain;
}

/** What a proxy answered to CONNECT: Bun says it in a field, undici in its fixed wording only. */
function tunnelStatus({ code, status, message }: Cause): number | undefined {
  if (code === "ERR_PROXY_TUNNEL" && typeof status === "number") return status;
  const answered = code === "UND_ERR_ABORTED" && /^Proxy response \((\d{3})\)/.exec(`${message}`)?.[1];
  return answered ? Number(answered) : undefined;
}

function portIn(host: string): string | undefined {
  return host.split(":").at(-1);
}
