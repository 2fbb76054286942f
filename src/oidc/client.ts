import {
  allowInsecureRequests,
  Configuration,
  customFetch,
  discovery,
  type ServerMetadata,
} from "openid-client";
import type { Profile } from "../config/profile.js";
import type { Context, Secrets } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { clientAuthentication } from "./client-auth.js";
import { type EndpointName, isLoopback, secureUrl } from "./endpoints.js";
import { refusalIn } from "./failure.js";
import { providerFetch } from "./provider-fetch.js";
import type { Redactor } from "./redact.js";

/** What each flow is given. */
export interface Client {
  readonly configuration: Configuration;
  readonly profile: Profile;
  readonly redactor: Redactor;
}

/**
 * openid-client's Configuration for one operation: from the profile's `endpoints` where all of `wanted` are there,
 * else from the issuer's discovery document with `endpoints` on top. `signal` ends every request made with it.
 * Throws `configuration` where the profile can't work, and what a request may throw.
 */
export async function openClient(
  profile: Profile,
  secrets: Secrets,
  context: Pick<Context, "fetch" | "log">,
  redactor: Redactor,
  wanted: readonly EndpointName[],
  signal: AbortSignal,
): Promise<Client> {
  const client_id = requireClientId(profile);
  const authentication = clientAuthentication(profile, secrets, redactor);
  const fetch = providerFetch(context, redactor, {
    seconds: profile.timeout,
    signal,
    drop_id_token: profile.id_token === "ignore",
    onDiscovery: (document) => Object.assign(document, complete(document), profile.endpoints),
  });
  const insecure = usesPlainHttp(profile) ? [allowInsecureRequests] : [];
  let configuration: Configuration;
  if (wanted.every((name) => profile.endpoints[name] !== undefined)) {
    configuration = new Configuration(configuredServer(profile), client_id, undefined, authentication);
    configuration[customFetch] = fetch;
    for (const allow of insecure) allow(configuration);
  } else {
    const options = { [customFetch]: fetch, execute: insecure, timeout: profile.timeout };
    configuration = await discover(profile, (issuer, algorithm) =>
      discovery(issuer, client_id, undefined, authentication, { ...options, algorithm }),
    );
  }
  return { configuration, profile, redactor };
}

/** OpenID Connect Discovery, then RFC 8414 where the provider has only that. */
async function discover(
  profile: Profile,
  ask: (issuer: URL, algorithm: "oidc" | "oauth2") => Promise<Configuration>,
): Promise<Configuration> {
  const issuer = requireIssuer(profile);
  try {
    return await ask(issuer, "oidc");
  } catch (error) {
    if (refusalIn(error)?.status !== 404) throw error;
  }
  try {
    return await ask(issuer, "oauth2");
  } catch (error) {
    const status = refusalIn(error)?.status;
    if (status === undefined) throw error;
    throw new OidcTokenError(
      "configuration",
      `there is no discovery document at ${issuer.href} (${status})`,
      `check issuer in profile ${profile.name}, or set endpoints`,
      { cause: error },
    );
  }
}

function requireClientId(profile: Profile): string {
  if (profile.client_id !== undefined && profile.client_id !== "") return profile.client_id;
  throw new OidcTokenError(
    "configuration",
    `profile ${profile.name} has no client_id`,
    "set client_id to the id the provider gave this application",
  );
}

function requireIssuer(profile: Profile): URL {
  if (profile.issuer === undefined) {
    throw new OidcTokenError(
      "configuration",
      `profile ${profile.name} has neither issuer nor all the endpoints this needs`,
      "set issuer to the address of the provider",
    );
  }
  // openid-client skips the issuer check for such an address.
  if (profile.issuer.includes("/.well-known/")) {
    throw new OidcTokenError(
      "configuration",
      `issuer of profile ${profile.name} is the address of a discovery document`,
      `set it to the part before /.well-known/: ${profile.issuer.split("/.well-known/")[0]}`,
    );
  }
  return secureUrl(profile.issuer, "issuer", profile);
}

function usesPlainHttp(profile: Profile): boolean {
  return [profile.issuer, ...Object.values(profile.endpoints)].some((address) => {
    const url = typeof address === "string" && URL.canParse(address) ? new URL(address) : undefined;
    return url?.protocol === "http:" && isLoopback(url);
  });
}

function configuredServer(profile: Profile): ServerMetadata {
  const anyEndpoint = profile.endpoints.token_endpoint ?? profile.endpoints.revocation_endpoint ?? "";
  const issuer = profile.issuer ?? (URL.canParse(anyEndpoint) ? new URL(anyEndpoint).origin : "");
  return { issuer, ...complete({}), ...profile.endpoints };
}

/**
 * Without a list openid-client takes only RS256. The signature of an id token that came straight from the token
 * endpoint over TLS is not checked (OpenID Connect Core §3.1.3.7), so any asymmetric algorithm is as good.
 */
function complete(document: Record<string, unknown>): Partial<ServerMetadata> {
  if (Array.isArray(document.id_token_signing_alg_values_supported)) return {};
  return {
    id_token_signing_alg_values_supported: [
      ..."RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519 HS256 HS384 HS512".split(" "),
    ],
  };
}
