import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { deadline } from "../../http/deadline.js";
import { nameOf } from "../../http/trouble.js";
import { presetFor, presetNamed } from "../../providers/index.js";
import type { Discovery, Found } from "../../token/discovery.js";
import { authorizationServer } from "./authorization-server.js";
import { type Asker, ledTo, lookedAt } from "./document.js";
import { type ProtectedResource, protectedResource } from "./protected-resource.js";
import { register } from "./register.js";

/** Seconds for everything that one address leads to. */
const PATIENCE = 30;

/** Discovery with the fetch of one profile. */
export function createDiscovery(
  context: Pick<Context, "fetch" | "log" | "redactor" | "interrupted">,
): Discovery {
  async function inTime<T>(work: (asker: Asker) => Promise<T>): Promise<T> {
    const limit = deadline(PATIENCE, context.interrupted);
    const { fetch, log, redactor } = context;
    return await work({ fetch, log, redactor, signal: limit.signal, looked_at: [] }).finally(limit.end);
  }
  return {
    find: (address, preset) => inTime((asker) => find(asker, address, preset)),
    provider: (issuer, preset) =>
      inTime(async (asker) => {
        const server = await authorizationServer(asker, issuer, preset);
        if (server) return server;
        const target = ledTo(asker);
        throw new OidcTokenError(
          "configuration",
          `there is no discovery document of ${issuer.href}`,
          target === undefined
            ? `check issuer in the profile (of an API, oidc-token init finds the provider), or write endpoints; looked at ${lookedAt(asker)}`
            : `it leads on to ${target}: if you trust that address, write it as issuer in the profile`,
        );
      }),
    register: (server, registration) => inTime((asker) => register(asker, server, registration)),
  };
}

async function find(asker: Asker, typed: URL, preset: string | undefined): Promise<Found> {
  const address = new URL(typed.href);
  // People copy the address of the document.
  address.pathname = address.pathname.replace(
    /\/\.well-known\/(?:openid-configuration|oauth-authorization-server).*$/,
    "",
  );
  address.search = "";
  address.hash = "";
  const is_provider =
    (presetNamed(preset) ?? presetFor(address.href)).name !== "generic" ||
    address.pathname !== typed.pathname;
  if (!is_provider) {
    const { wants_token, resource } = await protectedResource(asker, address);
    if (resource) return await behind(asker, resource, preset);
    const server = await authorizationServer(asker, address, preset);
    if (server) return { server, is_api: wants_token };
    // Before RFC 9728 an API's own host was asked (MCP of March 2025).
    const host =
      address.pathname === "/"
        ? undefined
        : await authorizationServer(asker, new URL(address.origin), preset);
    // People copy the address of the sign-in page, too.
    if (host) return { server: host, is_api: !Object.values(host.endpoints).includes(address.href) };
    throw silent(asker, address, wants_token);
  }
  const server = await authorizationServer(asker, address, preset);
  if (server) return { server, is_api: false };
  throw silent(asker, address, false);
}

async function behind(asker: Asker, resource: ProtectedResource, preset: string | undefined): Promise<Found> {
  const { servers, ...api } = resource;
  for (const issuer of servers) {
    const server = await authorizationServer(asker, issuer, preset);
    if (server) return { api, server, is_api: true };
  }
  throw new OidcTokenError(
    "configuration",
    `the API at ${nameOf(new URL(api.resource))} sends you to ${servers.map(({ host }) => host).join(", ")}, which has no discovery document`,
    `looked at ${lookedAt(asker)}`,
  );
}

function silent(asker: Asker, address: URL, wants_token: boolean): OidcTokenError {
  const target = ledTo(asker);
  if (target !== undefined)
    return new OidcTokenError(
      "configuration",
      `${nameOf(address)} leads on to ${target}, which is not followed by itself`,
      `if you trust that address, run: oidc-token init ${target}`,
    );
  const what = wants_token ? "wants a token and does not say whose" : "does not say how to sign in";
  return new OidcTokenError(
    "configuration",
    `${nameOf(address)} ${what}: it has neither metadata of an API nor a discovery document`,
    `name the provider: oidc-token init --issuer https://… --base-url ${address.href}; looked at ${lookedAt(asker)}`,
  );
}
