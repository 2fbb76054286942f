import { OidcTokenError } from "../../errors.js";
import { given } from "../../given.js";
import { nameOf } from "../../http/trouble.js";
import { ENDPOINTS, type Endpoints } from "../../profile.js";
import { presetFor, presetNamed } from "../../providers/index.js";
import { below, type Preset } from "../../providers/preset.js";
import { DEVICE_GRANT, type FoundServer } from "../../token/discovery.js";
import { type Asker, addressIn, type Document, documentAt, textsIn, wellKnown } from "./document.js";

/** RFC 8414 §2: what a server does that does not say. */
const GRANTS = ["authorization_code", "implicit"];

/**
 * The provider of this issuer by its own document, OpenID Connect's first; undefined where there is none. Throws
 * `refused` where the document is of another issuer or names what nothing may be sent to.
 */
export async function authorizationServer(
  asker: Asker,
  issuer: URL,
  named: string | undefined,
): Promise<FoundServer | undefined> {
  const preset = presetNamed(named) ?? presetFor(issuer.href);
  if (!preset.discovery) return withoutDocument(issuer, preset);
  const places = [
    new URL(below(issuer, "/.well-known/openid-configuration")),
    wellKnown(issuer, "oauth-authorization-server"),
  ];
  for (const [index, place] of places.entries()) {
    const document = await documentAt(asker, place);
    if (document) return serverIn(document, { place, issuer, preset, openid: index === 0 }, asker);
  }
  return undefined;
}

function withoutDocument(issuer: URL, preset: Preset): FoundServer {
  const endpoints = preset.endpoints?.(issuer) ?? {};
  const device = endpoints.device_authorization_endpoint === undefined ? [] : [DEVICE_GRANT];
  return {
    issuer: issuer.href.replace(/\/$/, ""),
    preset: preset.name,
    endpoints,
    grants: ["authorization_code", ...device],
    openid: preset.defaults.id_token !== "ignore",
    elsewhere: [],
  };
}

interface Source {
  readonly place: URL;
  readonly issuer: URL;
  readonly preset: Preset;
  readonly openid: boolean;
}

function serverIn(document: Document, source: Source, asker: Asker): FoundServer {
  const { place, preset, openid } = source;
  const issuer = issuerIn(document, source, asker);
  const url = new URL(issuer);
  const own: Record<string, string> = {};
  for (const name of ENDPOINTS) {
    const address = addressIn(document, name, place, asker);
    if (address) own[name] = address.href;
  }
  const endpoints: Endpoints = { ...preset.endpoints?.(url), ...own };
  const registration = addressIn(document, "registration_endpoint", place, asker);
  const hosts = [
    endpoints.authorization_endpoint,
    endpoints.token_endpoint,
    endpoints.device_authorization_endpoint,
  ]
    .filter((address) => address !== undefined)
    .map((address) => new URL(address).host);
  const elsewhere = preset.name === "generic" ? hosts.filter((host) => host !== url.host) : [];
  const grants = textsIn(document, "grant_types_supported") ?? GRANTS;
  // RFC 8628 §4: who names the endpoint has the grant. Some list only their other grants.
  const device = endpoints.device_authorization_endpoint === undefined ? [] : [DEVICE_GRANT];
  return {
    issuer,
    preset: preset.name,
    document: place.href,
    endpoints,
    grants: [...new Set([...grants, ...device])],
    openid,
    elsewhere: [...new Set(elsewhere)],
    ...given({
      // A client is registered with the provider itself, or with nobody.
      registration_endpoint: registration?.origin === url.origin ? registration.href : undefined,
      scopes: textsIn(document, "scopes_supported"),
      client_auths: textsIn(document, "token_endpoint_auth_methods_supported"),
      client_documents: document.client_id_metadata_document_supported === true || undefined,
    }),
  };
}

/** RFC 8414 §3.3: the issuer that was asked; a slash at its end may be forgotten by people, not by the profile. */
function issuerIn(
  { issuer: said }: Document,
  { issuer, place, preset }: Source,
  { redactor }: Asker,
): string {
  const typed = issuer.pathname === "/" ? issuer.origin : issuer.href;
  if (preset.issuer_rule !== "exact") return typed;
  if (typeof said === "string" && said.replace(/\/$/, "") === issuer.href.replace(/\/$/, "")) return said;
  const shown = typeof said === "string" ? redactor.clean(said) : "no issuer";
  throw new OidcTokenError(
    "refused",
    `the document at ${nameOf(place)} is of another issuer: ${shown}`,
    "check the address; if that issuer is the one you mean, run oidc-token init with it",
  );
}
