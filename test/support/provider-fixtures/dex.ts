import { authenticatesBy, type Fixture } from "./fixture.js";

export const dex: Fixture = {
  preset: "dex",
  sources: [
    "https://dexidp.io/docs/configuration/tokens/",
    "https://github.com/dexidp/dex, server/deviceflowhandlers.go",
    "https://github.com/dexidp/dex, server/refreshhandlers.go",
  ],
  issuer_path: "/dex",
  profile: { client_id: "llm-cli", client_secret: "dex-fixture-secret" },
  discovery: ({ origin }) => ({
    issuer: `${origin}/dex`,
    authorization_endpoint: `${origin}/dex/auth`,
    token_endpoint: `${origin}/dex/token`,
    jwks_uri: `${origin}/dex/keys`,
    userinfo_endpoint: `${origin}/dex/userinfo`,
    device_authorization_endpoint: `${origin}/dex/device/code`,
    introspection_endpoint: `${origin}/dex/token/introspect`,
    grant_types_supported: [
      "authorization_code",
      "refresh_token",
      "urn:ietf:params:oauth:grant-type:device_code",
    ],
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    code_challenge_methods_supported: ["S256", "plain"],
    scopes_supported: ["openid", "email", "groups", "profile", "offline_access"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
  }),
  paths: { authorize: "/dex/auth", token: "/dex/token", device: "/dex/device/code" },
  iss: ({ origin }) => `${origin}/dex`,
  device: ({ origin }) => ({
    body: {
      device_code: "ewe4apnbbtxqpnvzsvhjjaz4dbhxr5i6yfhgdthbmeljrrj5sa",
      user_code: "MRPB-HWLC",
      verification_uri: `${origin}/dex/device`,
      verification_uri_complete: `${origin}/dex/device?user_code=MRPB-HWLC`,
      expires_in: 300,
      interval: 5,
    },
  }),
  pending: { status: 401, body: { error: "authorization_pending" } },
  insist: (seen) => {
    // The device endpoint reads the secret from the form only.
    if (authenticatesBy(seen, "client_secret_post")) return undefined;
    return {
      status: 401,
      body: { error: "invalid_client", error_description: "Invalid client credentials." },
    };
  },
  tokens: (issued) => ({ body: { ...issued, token_type: "bearer", expires_in: 86399 } }),
  refreshed: (issued) => ({ body: { ...issued, token_type: "bearer", expires_in: 86399 } }),
  // Dex tells a device nothing of a refusal: the code expires.
  declined: { status: 400, body: { error: "expired_token" } },
  declined_exit: 3,
  declined_says: "nobody finished the sign-in",
  ended: { status: 400, body: { error: "invalid_request", error_description: "Refresh token expired." } },
};
