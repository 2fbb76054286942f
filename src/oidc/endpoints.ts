import type { Configuration } from "openid-client";
import { OidcTokenError } from "../errors.js";
import { isLoopback } from "../loopback.js";
import type { Endpoints, Profile } from "../profile.js";

export type EndpointName = keyof Endpoints;

/** Parses an address of the provider. Throws `configuration` unless it is https, or http on a loopback host. */
export function secureUrl(address: string, what: string, profile: Profile): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url))) return url;
  throw new OidcTokenError(
    "configuration",
    `${what} of profile ${profile.name} is not an https address`,
    `use https; plain http is only for 127.0.0.1, [::1] and localhost`,
  );
}

/**
 * Checks that the provider has the endpoints a flow needs and that each may be talked to. Throws `configuration`
 * with the name of the one that is missing.
 */
export function requireEndpoints(
  client: { readonly configuration: Configuration; readonly profile: Profile },
  needed: readonly EndpointName[],
): void {
  const { configuration, profile } = client;
  const server = configuration.serverMetadata();
  for (const name of needed) {
    const address = server[name];
    if (typeof address !== "string" || address === "") {
      throw new OidcTokenError(
        "configuration",
        `the provider of profile ${profile.name} names no ${name}`,
        `set endpoints.${name} in the profile, or choose a flow the provider offers`,
      );
    }
    const alias = server.mtls_endpoint_aliases?.[name as "token_endpoint"];
    for (const each of [address, alias ?? address]) secureUrl(`${each}`, name, profile);
  }
}
