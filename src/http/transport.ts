import { readFileSync } from "node:fs";
import tls from "node:tls";
import type { Context, Secrets } from "../context.js";
import { OidcTokenError } from "../errors.js";
import type { Profile } from "../profile.js";
import { hostOf, proxyTrouble, proxyVariables } from "./proxy.js";

type Fetch = typeof globalThis.fetch;

/** What TLS is given beside the runtime's own settings, all PEM. */
interface TlsSettings {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
}

/**
 * The fetch for the requests of one profile: through the proxy that the profile or the environment names, trusting
 * `ca_file` too, with the client certificate. Without any of these it is the runtime's own. Node's fetch knows no
 * proxy before version 24 and can't be given a certificate, so there it is undici's.
 * Throws `configuration` for a file or an address that can't be used.
 */
export async function openTransport(
  profile: Profile,
  secrets: Pick<Secrets, "client_cert" | "client_key">,
  context: Pick<Context, "fetch" | "env" | "redactor">,
): Promise<Fetch> {
  const settings = await tlsSettings(profile, secrets, context);
  const variables = proxyVariables(context.env);
  const proxies = [profile.proxy, variables.http, variables.https].filter((proxy) => proxy !== undefined);
  for (const proxy of proxies) hideCredentials(proxy, context);
  if (!settings && proxies.length === 0) return context.fetch;

  const fetch = process.versions.bun
    ? bunFetch(context.fetch, profile.proxy, settings)
    : await undiciFetch(profile.proxy, variables, settings);
  return async (input, init) => {
    try {
      return await fetch(input, init);
    } catch (error) {
      throw proxyTrouble(error, hostOf(input), proxies) ?? error;
    }
  };
}

/** Bun's fetch takes a proxy and TLS settings itself, and follows the variables of its own accord. */
function bunFetch(fetch: Fetch, proxy: string | undefined, settings: TlsSettings | undefined): Fetch {
  const options = { ...(proxy !== undefined && { proxy }), ...(settings && { tls: settings }) };
  return (input, init) => fetch(input, { ...init, ...options });
}

async function undiciFetch(
  proxy: string | undefined,
  variables: ReturnType<typeof proxyVariables>,
  settings: TlsSettings | undefined,
): Promise<Fetch> {
  const { EnvHttpProxyAgent, fetch } = await import("undici");
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: proxy ?? variables.http ?? "",
    httpsProxy: proxy ?? variables.https ?? "",
    noProxy: variables.except,
    ...(settings && { connect: settings, requestTls: settings }),
    ...(settings?.ca && { proxyTls: { ca: settings.ca } }),
  });
  // The fetch of the same package: the one inside Node may be of a version that can't work with this dispatcher.
  return ((input, init) =>
    fetch(input as string | URL, {
      ...(init as object),
      dispatcher,
    }) as unknown as Promise<Response>) as Fetch;
}

async function tlsSettings(
  profile: Profile,
  secrets: Pick<Secrets, "client_cert" | "client_key">,
  context: Pick<Context, "env" | "redactor">,
): Promise<TlsSettings | undefined> {
  const ca = profile.ca_file === undefined ? undefined : trusted(profile.ca_file, profile, context);
  const cert = profile.client_cert && (await secrets.client_cert());
  const key = profile.client_cert && (await secrets.client_key());
  context.redactor.add(key);
  if (cert !== undefined && key !== undefined) checkPair(cert, key, profile);
  if (ca === undefined && cert === undefined) return undefined;
  return {
    ...(ca && { ca }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
  };
}

/** A list of one's own takes the place of the runtime's, so that is in it too. */
function trusted(path: string, profile: Profile, { env }: Pick<Context, "env">): string[] {
  const own = readPem(path, profile);
  // From Node 22.15 it tells what it trusts, NODE_EXTRA_CA_CERTS and the system's certificates included.
  const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
  if (getCACertificates) return [...getCACertificates("default"), own];
  return [...tls.rootCertificates, ...extraCertificates(env.NODE_EXTRA_CA_CERTS), own];
}

/** Node itself goes on without a file that can't be read. */
function extraCertificates(path: string | undefined): string[] {
  try {
    return path ? [readFileSync(path, "utf8")] : [];
  } catch {
    return [];
  }
}

function readPem(path: string, profile: Profile): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
    tls.createSecureContext({ ca: text });
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES" || code === "EISDIR") {
      throw new OidcTokenError(
        "configuration",
        `ca_file of profile ${profile.name} cannot be read: ${path} (${code})`,
        "correct the path, or let this user read the file",
      );
    }
  }
  throw new OidcTokenError(
    "configuration",
    `ca_file of profile ${profile.name} holds no certificate that can be read: ${path}`,
    "name a file with certificates in PEM, which begin with -----BEGIN CERTIFICATE-----",
  );
}

function checkPair(cert: string, key: string, profile: Profile): void {
  try {
    tls.createSecureContext({ cert, key });
  } catch (cause) {
    throw new OidcTokenError(
      "configuration",
      `client_cert and client_key of profile ${profile.name} cannot be used together`,
      "name a certificate and its own key, both in PEM, the key without passphrase",
      { cause },
    );
  }
}

function hideCredentials(address: string, { redactor }: Pick<Context, "redactor">): void {
  const { username, password } = new URL(address);
  if (password === "") return;
  const plain = decodeURIComponent(password);
  const basic = Buffer.from(`${decodeURIComponent(username)}:${plain}`).toString("base64");
  for (const secret of [password, plain, basic]) redactor.add(secret);
}
