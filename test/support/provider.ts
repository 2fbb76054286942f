import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { type AddressInfo, isIP } from "node:net";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair } from "jose";
import type Provider from "oidc-provider";
import type { Configuration, KoaContextWithOIDC } from "oidc-provider";
import { applyFault, type Fault } from "./provider-faults.js";

/** What one of these clients may do, and the secret it has. */
export interface TestClient {
  readonly client_id: string;
  readonly client_secret?: string;
}

/** The clients every test provider knows. `service` may only ask for client credentials. */
export const CLIENTS = {
  public: { client_id: "public-cli" },
  basic: { client_id: "basic-cli", client_secret: "basic-Secret_1.~ +/%:" },
  post: { client_id: "post-cli", client_secret: "post-Secret-2" },
  service: { client_id: "service", client_secret: "service-Secret-3" },
} as const satisfies Record<string, TestClient>;

/** The audience of the JWT access tokens, and the scopes the API knows. */
export const API = { resource: "https://api.example.test", scope: "api:read api:write" } as const;

export interface ProviderOptions {
  /** A free one by default. */
  readonly port?: number;
  /** Seconds an access token lives. */
  readonly access_token_ttl?: number;
  /** Seconds between two polls of a device client. */
  readonly device_interval?: number;
  /** False: a refresh token works as often as it is used. */
  readonly rotates?: boolean;
  /** Redirect URIs of the clients with a browser; any port fits for loopback hosts. */
  readonly redirect_uris?: readonly string[];
  /** What the provider calls itself, where that is not its address. */
  readonly issuer?: string;
  /** oidc-provider's settings, changed. */
  readonly settings?: (settings: Configuration) => Configuration;
  /** Adds grants that oidc-provider does not have. */
  readonly extend?: (provider: Provider) => void;
  /** Serves https with these. */
  readonly tls?: ServerOptions;
  /** The host in its issuer, where that is not 127.0.0.1. */
  readonly host?: string;
  /** Sees each request first and each answer last. */
  readonly middleware?: (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>;
}

/** What the person in front of the provider does. */
export type Person = "agrees" | "refuses";

export interface Behaviour {
  access_token_ttl: number;
  person: Person;
}

/** One request to the token or the device endpoint as the provider saw it, with every secret in it. */
export interface Exchange {
  /** Milliseconds since the epoch, when the answer was ready. */
  readonly at: number;
  readonly path: string;
  readonly status: number;
  readonly asked: Readonly<Record<string, string | undefined>>;
  readonly answered: Readonly<Record<string, unknown>>;
}

export interface TestProvider {
  readonly issuer: string;
  readonly port: number;
  /**
   * Requests by path (`/token`), token requests that reached the provider by grant (`refresh_token`) and those
   * it granted (`granted refresh_token`).
   */
  readonly counts: Record<string, number>;
  /** Everything the token and device endpoints were asked and have answered, in order. */
  readonly exchanges: readonly Exchange[];
  /** Can be changed at any time. */
  readonly behaviour: Behaviour;
  /** Every request after this meets the fault; undefined mends it. */
  fault(fault: Fault | undefined): Promise<void>;
  stop(): Promise<void>;
}

/** Boots a real oidc-provider on 127.0.0.1, over plain http unless there is `tls`, in memory. Call `stop`. */
export async function startProvider(options: ProviderOptions = {}): Promise<TestProvider> {
  const counts: Record<string, number> = {};
  const exchanges: Exchange[] = [];
  const behaviour: Behaviour = { access_token_ttl: options.access_token_ttl ?? 3600, person: "agrees" };
  let current: Fault | undefined;
  let handle: ReturnType<Provider["callback"]> | undefined;
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const path = new URL(request.url ?? "/", "http://provider").pathname;
    if (path.startsWith("/control/")) return void control(path, request, response);
    count(path);
    void applyFault(current, path, request, response, () => void handle?.(request, response));
  };
  const server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve);
  const address = isIP(options.host ?? "") ? options.host : "127.0.0.1";
  await listen(server, options.port ?? 0, address);
  const { port } = server.address() as AddressInfo;
  const issuer = `${options.tls ? "https" : "http"}://${options.host ?? "127.0.0.1"}:${port}`;

  const ordinary = await configuration(options, behaviour);
  const settings = options.settings?.(ordinary) ?? ordinary;
  const provider = await quietly(async () => {
    const { Provider } = await import("oidc-provider");
    return new Provider(options.issuer ?? issuer, settings);
  });
  options.extend?.(provider);
  if (options.middleware) provider.use(options.middleware);
  provider.use(signInWithoutQuestions(provider, behaviour));
  provider.use(async (ctx, next) => {
    await next();
    const grant = (ctx.oidc?.params as { grant_type?: string } | undefined)?.grant_type;
    if (ctx.path === "/token" && grant !== undefined) {
      const name = grant.replace("urn:ietf:params:oauth:grant-type:", "");
      count(name);
      if (ctx.status === 200) count(`granted ${name}`);
    }
    // RFC 8628 §3.2: without `interval` clients wait 5 s, too long for a test.
    if (ctx.path === "/device/auth" && ctx.status === 200) {
      ctx.body = { ...(ctx.body as object), interval: options.device_interval ?? 1 };
    }
    if (ctx.path === "/token" || ctx.path === "/device/auth")
      exchanges.push(exchangeOf(ctx as KoaContextWithOIDC));
    if (current?.kind === "lost" && (current.path ?? ctx.path) === ctx.path) ctx.req.socket.destroy();
  });
  handle = provider.callback();

  const fault = async (next: Fault | undefined) => {
    if (current?.kind === "refuse" && next?.kind !== "refuse") await listen(server, port, address);
    current = next === undefined ? undefined : { ...next };
    if (next?.kind === "refuse") await close(server);
  };

  /** For provider-process.ts: another process reads the counts and switches the faults here. */
  async function control(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const said = await text(request);
    const body = said === "" ? undefined : JSON.parse(said);
    response.writeHead(200, { "content-type": "application/json", connection: "close" });
    if (path === "/control/behaviour") Object.assign(behaviour, body);
    response.end(
      JSON.stringify({ counts, behaviour, exchanges: path === "/control/exchanges" ? exchanges : [] }),
    );
    if (path === "/control/fault") await fault(body);
  }

  return { issuer, port, counts, exchanges, behaviour, fault, stop: () => close(server) };
}

function exchangeOf({ path, status, body, oidc }: KoaContextWithOIDC): Exchange {
  return {
    at: Date.now(),
    path,
    status,
    asked: { ...(oidc?.params as Record<string, string> | undefined) },
    answered: { ...(body as object) },
  };
}

async function configuration(options: ProviderOptions, behaviour: Behaviour): Promise<Configuration> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const redirect_uris = [
    ...(options.redirect_uris ?? ["http://127.0.0.1/callback", "http://localhost/callback"]),
  ];
  const person = {
    application_type: "native" as const,
    grant_types: [
      "authorization_code",
      "refresh_token",
      "urn:ietf:params:oauth:grant-type:device_code",
      "client_credentials",
    ],
    response_types: ["code" as const],
    redirect_uris,
  };
  return {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "test", use: "sig", alg: "RS256" }] },
    cookies: { keys: ["a key of this test only"] },
    scopes: ["openid", "offline_access", ...API.scope.split(" ")],
    claims: { openid: ["sub"], profile: ["name"], email: ["email"] },
    clients: [
      {
        ...person,
        grant_types: person.grant_types.filter((grant) => grant !== "client_credentials"),
        ...CLIENTS.public,
        token_endpoint_auth_method: "none",
      },
      { ...person, ...CLIENTS.basic, token_endpoint_auth_method: "client_secret_basic" },
      { ...person, ...CLIENTS.post, token_endpoint_auth_method: "client_secret_post" },
      {
        ...CLIENTS.service,
        scope: API.scope,
        grant_types: ["client_credentials"],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: "Test Person", email: "person@example.test" }),
    }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: grantEverythingAskedFor,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    rotateRefreshToken: options.rotates ?? true,
    conformIdTokenClaims: false,
    ttl: {
      AccessToken: () => behaviour.access_token_ttl,
      ClientCredentials: () => behaviour.access_token_ttl,
      AuthorizationCode: 60,
      DeviceCode: 300,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 300,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: async (ctx, form) => page(ctx, "Enter the code", form),
        userCodeConfirmSource: async (ctx, form, _client, _info, code) =>
          page(
            ctx,
            `Is ${code} the code you see?`,
            `${form}<button form="op.deviceConfirmForm">Yes</button>`,
          ),
        successSource: async (ctx) => page(ctx, "The device is signed in", ""),
      },
      clientCredentials: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      introspection: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => API.resource,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => ({
          audience: resource,
          scope: API.scope,
          accessTokenFormat: "jwt",
          accessTokenTTL: behaviour.access_token_ttl,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  };
}

function page(ctx: KoaContextWithOIDC, title: string, content: string): void {
  ctx.body = `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${content}`;
}

/** Consent is given as soon as somebody is signed in. */
async function grantEverythingAskedFor(ctx: KoaContextWithOIDC) {
  const { oidc } = ctx;
  const accountId = oidc.session?.accountId;
  const clientId = oidc.client?.clientId;
  if (accountId === undefined || clientId === undefined) return undefined;
  const grant = new oidc.provider.Grant({ accountId, clientId });
  grant.addOIDCScope(`openid offline_access profile email ${API.scope}`);
  for (const resource of Object.keys(oidc.resourceServers ?? {})) grant.addResourceScope(resource, API.scope);
  await grant.save();
  return grant;
}

/** Answers the provider's questions for the person: who are you, and do you agree. */
function signInWithoutQuestions(provider: Provider, behaviour: Behaviour) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    if (!ctx.path.startsWith("/interaction/")) return next();
    const result =
      behaviour.person === "agrees"
        ? { login: { accountId: "person" }, consent: {} }
        : { error: "access_denied", error_description: "the person said no" };
    ctx.respond = false;
    await provider.interactionFinished(ctx.req, ctx.res, result);
  };
}

/** The library warns that this is no provider for production, which a test knows. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { warn, info } = console;
  console.warn = console.info = () => undefined;
  try {
    return await work();
  } finally {
    Object.assign(console, { warn, info });
  }
}

function listen(server: Server, port: number, address = "127.0.0.1"): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
