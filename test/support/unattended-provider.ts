import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { exportJWK, exportPKCS8, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type Provider from "oidc-provider";
import type { Configuration, KoaContextWithOIDC } from "oidc-provider";
import { API, type ProviderOptions, startProvider, type TestProvider } from "./provider.js";

/** Somebody whose tokens the provider trusts: a cluster, or GitHub. */
export interface TokenIssuer {
  readonly issuer: string;
  /** Signs a JWT for `audience`; claims override the usual ones. */
  issue(claims?: JWTPayload): Promise<string>;
}

export interface UnattendedProvider extends TestProvider, AsyncDisposable {
  readonly trusted: TokenIssuer;
  /** The private key of the client `signer`, as PKCS#8 in PEM and as a JWK. */
  readonly signer: { readonly pem: string; readonly jwk: string };
}

/** What the tokens that are traded in must be made for. */
export const AUDIENCE = "https://id.example.test/exchange";

const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/**
 * The provider with the clients and grants of places without a person: `workload` trades tokens in (public), `signer`
 * proves itself by private_key_jwt, `certified` by the certificate `oidc-token` in TLS.
 */
export async function startUnattendedProvider(options: ProviderOptions = {}): Promise<UnattendedProvider> {
  const trusted = await generateKeyPair("RS256");
  const signer = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(signer.privateKey)), kid: "signer-1" };
  const { d: _private, ...public_jwk } = jwk;
  const issuer = "https://cluster.example.test";

  const provider = await startProvider({
    ...options,
    settings: (settings) => withClients(options.settings?.(settings) ?? settings, public_jwk),
    extend: (extended) => {
      const verify = async (token: string) =>
        (await jwtVerify(token, trusted.publicKey, { issuer, audience: AUDIENCE })).payload;
      addGrant(extended, TOKEN_EXCHANGE, "subject_token", verify);
      addGrant(extended, JWT_BEARER, "assertion", verify);
      options.extend?.(extended);
    },
  });
  return {
    ...provider,
    trusted: {
      issuer,
      issue: (claims = {}) =>
        new SignJWT({ iss: issuer, aud: AUDIENCE, sub: "system:serviceaccount:ml:agent", ...claims })
          .setProtectedHeader({ alg: "RS256" })
          .setIssuedAt()
          .setExpirationTime(claims.exp ?? "10 minutes")
          .sign(trusted.privateKey),
    },
    signer: { pem: await exportPKCS8(signer.privateKey), jwk: JSON.stringify(jwk) },
    [Symbol.asyncDispose]: () => provider.stop(),
  };
}

function withClients(settings: Configuration, jwk: object): Configuration {
  const service = { scope: API.scope, response_types: [], redirect_uris: [] };
  return {
    ...settings,
    clientAuthMethods: [
      "none",
      "client_secret_basic",
      "client_secret_post",
      "private_key_jwt",
      "tls_client_auth",
    ],
    clients: [
      ...(settings.clients ?? []),
      {
        ...service,
        client_id: "workload",
        grant_types: [TOKEN_EXCHANGE, JWT_BEARER],
        token_endpoint_auth_method: "none",
      },
      {
        ...service,
        client_id: "signer",
        grant_types: ["client_credentials"],
        token_endpoint_auth_method: "private_key_jwt",
        jwks: { keys: [jwk] },
      },
      {
        ...service,
        client_id: "certified",
        grant_types: ["client_credentials"],
        token_endpoint_auth_method: "tls_client_auth",
        tls_client_auth_subject_dn: "CN=oidc-token",
      },
    ] as NonNullable<Configuration["clients"]>,
    features: {
      ...settings.features,
      mTLS: {
        enabled: true,
        tlsClientAuth: true,
        getCertificate: (ctx) => certificateOf(ctx),
        certificateAuthorized: (ctx) => (ctx.socket as TLSSocket).authorized,
        certificateSubjectMatches: (ctx, property, expected) =>
          property === "tls_client_auth_subject_dn" &&
          new X509Certificate(certificateOf(ctx) ?? "").subject === expected,
      },
    },
  };
}

function certificateOf(ctx: KoaContextWithOIDC): string | undefined {
  const certificate = (ctx.socket as TLSSocket).getPeerX509Certificate?.();
  return certificate?.toString();
}

/** oidc-provider has none of these two: what is traded in is verified, and a token for its subject is issued. */
function addGrant(
  provider: Provider,
  grant: string,
  parameter: "subject_token" | "assertion",
  verify: (token: string) => Promise<JWTPayload>,
): void {
  provider.registerGrantType(
    grant,
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const token = `${params?.[parameter] ?? ""}`;
      if (client === undefined) throw new Error("no client");
      try {
        await verify(token);
      } catch {
        ctx.status = 400;
        ctx.body = { error: "invalid_grant", error_description: "the token is not from a trusted issuer" };
        return;
      }
      const issued = new provider.ClientCredentials({ client, scope: `${params?.scope ?? API.scope}` });
      issued.resourceServer = new provider.ResourceServer(API.resource, {
        audience: API.resource,
        scope: API.scope,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
      });
      ctx.body = {
        access_token: await issued.save(),
        expires_in: issued.expiration,
        token_type: issued.tokenType,
        scope: issued.scope,
        ...(grant === TOKEN_EXCHANGE && {
          issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
        }),
      };
    },
    [parameter, "scope", "subject_token_type", "requested_token_type", "audience", "resource"],
    ["audience", "resource"],
  );
}
