import { createServer } from "node:net";
import type { KoaContextWithOIDC } from "oidc-provider";
import { CLIENTS, startProvider, type TestProvider } from "./provider.js";

/** What every identity domain calls itself. */
export const OCI_ISSUER = "https://identity.oraclecloud.com/";

/** As the documentation's sample answers it: http, and not on loopback. */
export const OCI_VERIFICATION_URI = "http://idcs-0.identity.oraclecloud.test/ui/v1/device";

/** OCI's paths, and oidc-provider's own. */
const PATHS: Readonly<Record<string, string>> = {
  "/oauth2/v1/authorize": "/auth",
  "/oauth2/v1/token": "/token",
  "/oauth2/v1/device": "/device/auth",
  "/oauth2/v1/revoke": "/token/revocation",
};

export interface OciProvider extends TestProvider {
  /** The confidential application. */
  readonly client: { readonly client_id: string; readonly client_secret: string };
  /** Registered; the port counts. */
  readonly redirect_uri: string;
  /** Where the person really confirms a device, since nobody serves OCI_VERIFICATION_URI. */
  readonly device_page: string;
  /** Changes the discovery document. */
  document: Record<string, unknown>;
}

/**
 * An identity domain as the documentation has it, on oidc-provider: one issuer for all domains and endpoints on the
 * domain's host, no device endpoint in the metadata, `response_type=device_code` on an unauthenticated device request,
 * an http verification URI without `interval`, an exact redirect URL, access tokens of more than 3.3 kB, and refresh
 * tokens that work once. https://docs.oracle.com/en/cloud/paas/identity-cloud/rest-api/DeviceCodeFlowAuth.html
 */
export async function startOciProvider(): Promise<OciProvider> {
  const redirect_uri = `http://localhost:${await freePort()}/callback`;
  const client = CLIENTS.basic;
  const document: Record<string, unknown> = {};

  const provider = await startProvider({
    issuer: OCI_ISSUER,
    redirect_uris: [redirect_uri],
    settings: (settings) => ({ ...settings, extraTokenClaims: () => ({ groups: GROUPS }) }),
    middleware: async (ctx, next) => {
      if (ctx.path === "/.well-known/openid-configuration") {
        ctx.body = { ...metadata(`http://${ctx.headers.host}`), ...document };
        return;
      }
      const asked = ctx.path;
      const path = PATHS[asked];
      if (path === undefined && /^\/(auth|token|device\/auth|token\/revocation)$/.test(asked)) {
        ctx.status = 404;
        return;
      }
      if (path !== undefined) ctx.path = path;
      if (asked === "/oauth2/v1/authorize" && ctx.query.redirect_uri !== redirect_uri) {
        ctx.status = 400;
        return;
      }
      if (asked === "/oauth2/v1/device") return await deviceRequest(ctx, next);
      await next();
    },
  });

  async function deviceRequest(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
    const is_bare = ctx.headers.authorization === undefined;
    // oidc-provider itself wants the client to authenticate.
    const credentials = [client.client_id, client.client_secret].map(encodeURIComponent).join(":");
    ctx.req.headers.authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
    await next();
    const body = ctx.oidc.body ?? {};
    if (!is_bare || body.response_type !== "device_code" || body.client_secret !== undefined) {
      ctx.status = 400;
      ctx.body = { error: "invalid_request", error_description: "Invalid request." };
      return;
    }
    if (ctx.status !== 200) return;
    const { device_code, user_code, expires_in } = ctx.body as Record<string, unknown>;
    ctx.body = { expires_in, device_code, user_code, verification_uri: OCI_VERIFICATION_URI };
  }

  return {
    ...provider,
    issuer: `http://127.0.0.1:${provider.port}`,
    client,
    redirect_uri,
    device_page: `http://127.0.0.1:${provider.port}/device`,
    document,
  };
}

/** Enough of them for an access token of more than 3.3 kB. */
const GROUPS = Array.from({ length: 60 }, (_, number) => `ocid1.group.oc1..aaaaaaaa${number}-of-the-company`);

function metadata(origin: string): Record<string, unknown> {
  return {
    issuer: OCI_ISSUER,
    authorization_endpoint: `${origin}/oauth2/v1/authorize`,
    token_endpoint: `${origin}/oauth2/v1/token`,
    userinfo_endpoint: `${origin}/oauth2/v1/userinfo`,
    revocation_endpoint: `${origin}/oauth2/v1/revoke`,
    introspection_endpoint: `${origin}/oauth2/v1/introspect`,
    jwks_uri: `${origin}/admin/v1/SigningCert/jwk`,
    response_types_supported: ["code", "token", "id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "private_key_jwt", "client_secret_post"],
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
