import { authenticatesBy, type Fixture } from "./fixture.js";

export const keycloak: Fixture = {
  preset: "keycloak",
  sources: [
    "https://www.keycloak.org/securing-apps/oidc-layers",
    "https://github.com/keycloak/keycloak, services/src/main/java/org/keycloak/protocol/oidc/grants/device/DeviceGrantType.java",
    "https://github.com/keycloak/keycloak, services/src/main/java/org/keycloak/protocol/oidc/TokenManager.java",
  ],
  issuer_path: "/realms/staff",
  profile: { client_id: "llm-cli", scope: "openid offline_access" },
  discovery: ({ origin }) => ({
    issuer: `${origin}/realms/staff`,
    authorization_endpoint: `${origin}/realms/staff/protocol/openid-connect/auth`,
    token_endpoint: `${origin}/realms/staff/protocol/openid-connect/token`,
    jwks_uri: `${origin}/realms/staff/protocol/openid-connect/certs`,
    grant_types_supported: [
      "authorization_code",
      "refresh_token",
      "urn:ietf:params:oauth:grant-type:device_code",
    ],
    response_types_supported: ["code", "none", "id_token", "token"],
    subject_types_supported: ["public", "pairwise"],
    id_token_signing_alg_values_supported: [
      "PS384",
      "RS384",
      "EdDSA",
      "ES384",
      "HS256",
      "HS512",
      "ES256",
      "RS256",
    ],
    token_endpoint_auth_methods_supported: [
      "private_key_jwt",
      "client_secret_basic",
      "client_secret_post",
      "tls_client_auth",
      "client_secret_jwt",
    ],
    revocation_endpoint: `${origin}/realms/staff/protocol/openid-connect/revoke`,
    device_authorization_endpoint: `${origin}/realms/staff/protocol/openid-connect/auth/device`,
    authorization_response_iss_parameter_supported: false,
  }),
  paths: {
    authorize: "/realms/staff/protocol/openid-connect/auth",
    token: "/realms/staff/protocol/openid-connect/token",
    device: "/realms/staff/protocol/openid-connect/auth/device",
  },
  iss: ({ origin }) => `${origin}/realms/staff`,
  device: ({ origin }) => ({
    body: {
      device_code: "AXPS3AL4rYrkYJ0pNPcvqBmSbWpCkxpSbDFuY2Rl",
      user_code: "AXPS-QKRW",
      verification_uri: `${origin}/realms/staff/device`,
      verification_uri_complete: `${origin}/realms/staff/device?user_code=AXPS-QKRW`,
      expires_in: 600,
      interval: 5,
    },
  }),
  pending: {
    status: 400,
    body: {
      error: "authorization_pending",
      error_description: "The authorization request is still pending",
    },
  },
  insist: (seen) => {
    if (authenticatesBy(seen, "none")) return undefined;
    return {
      status: 401,
      body: {
        error: "unauthorized_client",
        error_description: "Invalid client or Invalid client credentials",
      },
    };
  },
  tokens: (issued) => ({
    body: {
      ...issued,
      expires_in: 300,
      refresh_expires_in: 0,
      token_type: "Bearer",
      "not-before-policy": 0,
      session_state: "1f6b7e0e-0000-4000-8000-000000000000",
      scope: "openid offline_access",
    },
  }),
  refreshed: (issued) => ({
    body: {
      ...issued,
      expires_in: 300,
      refresh_expires_in: 0,
      token_type: "Bearer",
      scope: "openid offline_access",
    },
  }),
  declined: {
    status: 400,
    body: { error: "access_denied", error_description: "The end user denied the authorization request" },
  },
  declined_exit: 7,
  ended: { status: 400, body: { error: "invalid_grant", error_description: "Offline session not active" } },
};
