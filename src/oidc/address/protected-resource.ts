import { OidcTokenError } from "../../errors.js";
import { given } from "../../given.js";
import { challengesIn } from "../../http/challenge.js";
import { nameOf } from "../../http/trouble.js";
import type { FoundApi } from "../../token/discovery.js";
import { type Asker, ask, type Document, documentAt, secureAddress, textsIn, wellKnown } from "./document.js";

/** Authorization servers of one API that are asked at most. */
const MOST_SERVERS = 3;

/** What an API says of itself. */
export interface ProtectedResource extends FoundApi {
  readonly servers: readonly URL[];
}

export interface Probed {
  /** It answered 401: an API that wants a token, whatever else it says. */
  readonly wants_token: boolean;
  readonly resource?: ProtectedResource;
}

/**
 * The metadata of the API at an address, by RFC 9728: where its 401 says (§5.1), else at the well-known place, with its
 * path inserted, else at that of the whole host. Throws `refused` for metadata of something else.
 */
export async function protectedResource(asker: Asker, api: URL): Promise<Probed> {
  const { response } = await ask(asker, api);
  const [challenge] = challengesIn(response.headers.get("www-authenticate")).filter(
    ({ scheme, parameters }) => ["bearer", "dpop"].includes(scheme) || "resource_metadata" in parameters,
  );
  const named = challenge?.parameters.resource_metadata;
  const scope = challenge?.parameters.scope?.split(" ").filter((each) => each !== "");
  const wants_token = response.status === 401 || response.status === 403;
  const places =
    named === undefined
      ? [
          wellKnown(api, "oauth-protected-resource"),
          wellKnown(new URL(api.origin), "oauth-protected-resource"),
        ]
      : [sameOrigin(named, api, asker)];
  for (const place of new Map(places.map((place) => [place.href, place])).values()) {
    const document = await documentAt(asker, place);
    if (document) {
      const resource = checked(document, place, api, asker);
      return { wants_token, resource: { ...resource, ...given({ scopes: scope ?? resource.scopes }) } };
    }
  }
  return { wants_token };
}

function sameOrigin(named: string, api: URL, asker: Asker): URL {
  const place = secureAddress(
    URL.canParse(named, api.href) ? new URL(named, api.href).href : named,
    "resource_metadata",
    api,
    asker,
  );
  if (place.origin === api.origin) return place;
  throw new OidcTokenError(
    "refused",
    `${nameOf(api)} names its metadata on another host, ${place.host}`,
    "nothing was sent there; name the provider with --issuer if you know it",
  );
}

/** RFC 9728 §3.3: metadata is of the API that was asked, or of one that holds it. */
function checked(document: Document, place: URL, api: URL, asker: Asker): ProtectedResource {
  const resource = secureAddress(document.resource, "resource", place, asker);
  const within = `${api.pathname.replace(/\/$/, "")}/`.startsWith(`${resource.pathname.replace(/\/$/, "")}/`);
  if (resource.origin !== api.origin || !within) {
    throw new OidcTokenError(
      "refused",
      `the metadata at ${nameOf(place)} is of another API, ${asker.redactor.clean(resource.href)}`,
      "check the address; if that API is the one you mean, run oidc-token init with it",
    );
  }
  const servers = (textsIn(document, "authorization_servers") ?? [])
    .slice(0, MOST_SERVERS)
    .map((server) => secureAddress(server, "authorization_servers", place, asker));
  if (servers.length === 0) {
    throw new OidcTokenError(
      "configuration",
      `the metadata at ${nameOf(place)} names nobody who gives tokens (authorization_servers)`,
      "ask who runs the API, and name the provider with --issuer",
    );
  }
  return {
    // As it was written: a slash more would be another resource.
    resource: String(document.resource),
    document: place.href,
    servers,
    ...given({ scopes: textsIn(document, "scopes_supported") }),
  };
}
