import {
  allowInsecureRequests,
  Configuration,
  type CustomFetch,
  customFetch,
  type DPoPOptions,
  discovery,
  type ServerMetadata,
} from "openid-client";
import type { Context, Secrets } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { isLoopback } from "../loopback.js";
import type { Endpoints, Profile } from "../profile.js";
import { presetOf } from "../providers/index.js";
import type { Redactor } from "../redact.js";
import { clientAuthentication } from "./client-auth.js";
import {
  completeDocument,
  discoveryAddress,
  knownEndpoints,
  requestAddress,
  signingAlgorithms,
} from "./discovery.js";
import { type EndpointName, secureUrl } from "./endpoints.js";
import { type ProviderFetchOptions, providerFetch } from "./provider-fetch.js";
import { refusalIn } from "./refusal.js";

/** What each flow is given. */
export interface Client {
  readonly configuration: Configuration;
  readonly profile: Profile;
  readonly redactor: Redactor;
  /** With a key that the tokens are bound to. */
  readonly proofs?: DPoPOptions;
}

/**
 * openid-client's Configuration for one operation: from the endpoints known already where all of `wanted` are there,
 * else from the issuer's discovery document with `endpoints` on top. `signal` ends every request made with it.
 * Throws `configuration` where the profile can't work, and what a request may throw.
 */
export async function openClient(
  profile: Profile,
  secrets: Secrets,
  context: Pick<Context, "fetch" | "log" | "redactor">,
  wanted: readonly EndpointName[],
  signal: AbortSignal,
  discovery_from: Pick<ProviderFetchOptions, "documents" | "ask_anew">,
): Promise<Client> {
  const client_id = requireClientId(profile);
  // RFC 8705 §5: the endpoints at which the provider asks for a certificate may be others.
  const metadata = { use_mtls_endpoint_aliases: profile.client_auth?.endsWith("tls_client_auth") === true };
  const { issuer_rule, dialect } = presetOf(profile);
  const authentication = clientAuthentication(profile, secrets, context.redactor);
  const fetch = providerFetch(context, {
    ...discovery_from,
    seconds: profile.timeout,
    signal,
    drop_id_token: profile.id_token === "ignore",
    dialect,
    onDiscovery: (document) => completeDocument(document, requireIssuer(profile), profile),
  });
  const endpoints = knownEndpoints(profile);
  const insecure = usesPlainHttp(profile) ? [allowInsecureRequests] : [];
  let configuration: Configuration;
  if (!needsDiscovery(profile, endpoints, wanted)) {
    configuration = new Configuration(
      configuredServer(profile, endpoints),
      client_id,
      metadata,
      authentication,
    );
    configuration[customFetch] = fetch;
    for (const allow of insecure) allow(configuration);
  } else {
    const issuer = requireIssuer(profile);
    const options = {
      [customFetch]: ((url, init) => fetch(requestAddress(url, issuer, issuer_rule), init)) as CustomFetch,
      execute: insecure,
      timeout: profile.timeout,
    };
    const address = discoveryAddress(issuer, issuer_rule);
    configuration = await discover(profile, (algorithm) =>
      discovery(address, client_id, metadata, authentication, { ...options, algorithm }),
    );
  }
  return { configuration, profile, redactor: context.redactor };
}

function needsDiscovery(profile: Profile, endpoints: Endpoints, wanted: readonly EndpointName[]): boolean {
  const preset = presetOf(profile);
  if (!preset.discovery) return false;
  // Only the document says who issues the ID tokens of such a provider.
  if (preset.issuer_rule !== "exact" && profile.issuer !== undefined) return true;
  return wanted.some((name) => endpoints[name] === undefined);
}

/** OpenID Connect Discovery, then RFC 8414 where the provider has only that. */
async function discover(
  profile: Profile,
  ask: (algorithm: "oidc" | "oauth2") => Promise<Configuration>,
): Promise<Configuration> {
  try {
    return await ask("oidc");
  } catch (error) {
    if (refusalIn(error)?.status !== 404) throw withoutDocument(error, profile);
  }
  try {
    return await ask("oauth2");
  } catch (error) {
    throw withoutDocument(error, profile);
  }
}

/** A status other than 200 means that the issuer is not there, whatever the provider says besides. */
function withoutDocument(error: unknown, profile: Profile): unknown {
  const status = refusalIn(error)?.status;
  if (status === undefined) return error;
  return new OidcTokenError(
    "configuration",
    `there is no discovery document at ${profile.issuer} (status ${status})`,
    `check issuer in profile ${profile.name}, or set endpoints`,
    { cause: error },
  );
}

function requireClientId(profile: Profile): string {
  if (profile.client_id !== undefined && profile.client_id !== "") return profile.client_id;
  // openid-client wants one; clientAuthentication does not send it.
  if (profile.subject_token || profile.assertion) return "none";
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

function configuredServer(profile: Profile, endpoints: Endpoints): ServerMetadata {
  const anyEndpoint = endpoints.token_endpoint ?? endpoints.revocation_endpoint ?? "";
  const issuer = profile.issuer ?? (URL.canParse(anyEndpoint) ? new URL(anyEndpoint).origin : "");
  return { issuer, ...signingAlgorithms({}), ...endpoints };
}
