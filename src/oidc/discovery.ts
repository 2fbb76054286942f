import type { ServerMetadata } from "openid-client";
import { OidcTokenError } from "../errors.js";
import { ENDPOINTS, type Endpoints, type Profile } from "../profile.js";
import { presetOf } from "../providers/index.js";
import { below, type IssuerRule } from "../providers/preset.js";

type Document = Record<string, unknown>;

/** RFC 9126 §5 adds one that no profile names. */
const ADDRESSES = [...ENDPOINTS, "pushed_authorization_request_endpoint"] as const;

/** openid-client fills `{tenantid}` in for this origin only. */
const TENANT_ORIGIN = "https://login.microsoftonline.com";

/** The address that openid-client is given to discover from, by what the issuer in the document may be. */
export function discoveryAddress(issuer: URL, rule: IssuerRule): URL {
  switch (rule) {
    case "exact":
      return issuer;
    case "same_host":
      // With the address of the document itself openid-client leaves the issuer to us.
      return new URL(below(issuer, "/.well-known/openid-configuration"));
    case "tenant":
      return new URL(issuer.pathname, TENANT_ORIGIN);
  }
}

/** The address a request really goes to: `discoveryAddress` has national clouds stand for the public one. */
export function requestAddress(url: string, issuer: URL, rule: IssuerRule): string {
  const stands_in = rule === "tenant" && url.startsWith(`${TENANT_ORIGIN}/`) && url.includes("/.well-known/");
  return stands_in ? issuer.origin + url.slice(TENANT_ORIGIN.length) : url;
}

/** All endpoints of a provider without discovery, the profile's own first. */
export function knownEndpoints(profile: Profile): Endpoints {
  const preset = presetOf(profile);
  if (preset.discovery || profile.issuer === undefined) return profile.endpoints;
  return { ...preset.endpoints?.(new URL(profile.issuer)), ...profile.endpoints };
}

/**
 * Makes a discovery document whole: addresses in full, what it lacks from the preset, the profile's `endpoints` on
 * top. Throws `configuration` where it may name another issuer and so must keep to the issuer's host, and does not.
 */
export function completeDocument(document: Document, issuer: URL, profile: Profile): void {
  const preset = presetOf(profile);
  for (const name of ADDRESSES) {
    const address = document[name];
    // The OCI documentation shows paths.
    if (typeof address === "string" && address.startsWith("/"))
      document[name] = new URL(address, issuer).href;
  }
  for (const [name, address] of Object.entries(preset.endpoints?.(issuer) ?? {})) document[name] ??= address;
  // RFC 8705 §5: what the document says once more for clients with a certificate.
  const aliases = { ...(document.mtls_endpoint_aliases as Document | undefined) };
  for (const name of ADDRESSES) {
    if (name in profile.endpoints) {
      delete aliases[name];
    } else if (preset.issuer_rule !== "exact") {
      for (const address of [document[name], aliases[name]]) requireSameHost(address, name, issuer, profile);
    }
  }
  if (document.mtls_endpoint_aliases !== undefined) document.mtls_endpoint_aliases = aliases;
  Object.assign(document, signingAlgorithms(document), profile.endpoints);
}

function requireSameHost(address: unknown, name: string, issuer: URL, profile: Profile): void {
  if (typeof address !== "string" || !URL.canParse(address)) return;
  const { host } = new URL(address);
  if (host === issuer.host) return;
  throw new OidcTokenError(
    "configuration",
    `the provider of profile ${profile.name} names a ${name} on another host, ${host || "one that is none"}`,
    `check issuer; if that host is right, write the address as endpoints.${name} in the profile`,
  );
}

/**
 * Without a list openid-client takes only RS256. The signature of an ID token that came straight from the token
 * endpoint over TLS is not checked (OpenID Connect Core §3.1.3.7), so any asymmetric algorithm is as good.
 */
export function signingAlgorithms(document: Document): Partial<ServerMetadata> {
  if (Array.isArray(document.id_token_signing_alg_values_supported)) return {};
  return {
    id_token_signing_alg_values_supported: [
      ..."RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519 HS256 HS384 HS512".split(" "),
    ],
  };
}
