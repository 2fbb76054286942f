import type { DetailedPeerCertificate } from "node:tls";
import type { Context, Secrets } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { errorCode } from "../files/file-error.js";
import { readRegular } from "../files/read.js";
import type { Profile } from "../profile.js";

/** What TLS is given beside the runtime's own settings, all PEM. */
export interface TlsSettings {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
  /** Set where the environment says otherwise: NODE_TLS_REJECT_UNAUTHORIZED=0 counts for loopback hosts only. */
  readonly rejectUnauthorized?: true;
}

/** The settings a profile asks for, if any. Throws `configuration` for a file that can't be used. */
export async function tlsSettings(
  profile: Profile,
  secrets: Pick<Secrets, "client_cert" | "client_key">,
  context: Pick<Context, "env" | "redactor">,
): Promise<TlsSettings | undefined> {
  const ca = profile.ca_file === undefined ? undefined : await trusted(profile.ca_file, profile, context);
  const cert = profile.client_cert && (await secrets.client_cert());
  const key = profile.client_cert && (await secrets.client_key());
  context.redactor.add(key);
  if (cert !== undefined && key !== undefined) await checkPair(cert, key, profile);
  if (ca === undefined && cert === undefined) return undefined;
  return {
    ...(ca && { ca }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
  };
}

/** Bytes; what Debian installs of all the world's authorities is a twentieth. */
const MOST = 4 * 1024 * 1024;

/** A list of one's own takes the place of the runtime's, so that is in it too. */
async function trusted(path: string, profile: Profile, { env }: Pick<Context, "env">): Promise<string[]> {
  const tls = await import("node:tls");
  const own = await readPem(path, profile);
  // From Node 22.15 it tells what it trusts, NODE_EXTRA_CA_CERTS and the system's certificates included.
  const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
  if (getCACertificates) return [...getCACertificates("default"), own];
  return [...tls.rootCertificates, ...extraCertificates(env.NODE_EXTRA_CA_CERTS), own];
}

/** Node itself goes on without a file that can't be read. */
function extraCertificates(path: string | undefined): string[] {
  try {
    return path ? [readRegular(path, MOST).toString("utf8")] : [];
  } catch {
    return [];
  }
}

async function readPem(path: string, profile: Profile): Promise<string> {
  const tls = await import("node:tls");
  let text: string;
  try {
    text = readRegular(path, MOST).toString("utf8");
    tls.createSecureContext({ ca: text });
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "EACCES" || code === "folder") {
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

async function checkPair(cert: string, key: string, profile: Profile): Promise<void> {
  const tls = await import("node:tls");
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

/** Milliseconds. Somebody waits for the sentence. */
const LOOK_PATIENCE = 2000;

/**
 * Who issued the certificate that a host shows, by the last of its chain: of a company's proxy this is its CA. Nothing
 * is sent there, and what is read is believed for a sentence only. Undefined where there is none to be seen.
 */
export async function certificateIssuer(url: URL): Promise<string | undefined> {
  const [tls, { isIP }] = await Promise.all([import("node:tls"), import("node:net")]);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const socket = tls.connect({
    host,
    port: Number(url.port || 443),
    ...(isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: false,
  });
  try {
    return await new Promise<string | undefined>((resolve) => {
      socket.setTimeout(LOOK_PATIENCE, () => resolve(undefined));
      socket.once("error", () => resolve(undefined));
      socket.once("secureConnect", () => resolve(lastIssuer(socket.getPeerCertificate(true))));
    });
  } finally {
    socket.destroy();
  }
}

function lastIssuer(first: DetailedPeerCertificate): string | undefined {
  let last = first;
  for (let links = 0; links < 10 && last.issuerCertificate && last.issuerCertificate !== last; links += 1) {
    last = last.issuerCertificate;
  }
  const { CN, O } = last.issuer ?? {};
  return [CN ?? O].flat()[0];
}
