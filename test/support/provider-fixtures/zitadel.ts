import { authenticatesBy, type Fixture } from "./fixture.js";

export const zitadel: Fixture = {
  preset: "zitadel",
  sources: [
    "https://zitadel.com/docs/apis/openidoauth/endpoints",
    "https://zitadel.com/docs/guides/integrate/login/oidc/device-authorization",
    "https://github.com/zitadel/oidc, pkg/oidc/error.go",
  ],
  issuer_path: "",
  profile: {
    client_id: "232685602728952637@device_auth",
    scope: "openid offline_access urn:zitadel:iam:org:project:id:232685602728952637:aud",
  },
  discovery: ({ origin }) => ({
    issuer: origin,
    authorization_endpoint: `${origin}/oauth/v2/authorize`,
    token_endpoint: `${origin}/oauth/v2/token`,
    introspection_endpoint: `${origin}/oauth/v2/introspect`,
    userinfo_endpoint: `${origin}/oidc/v1/userinfo`,
    revocation_endpoint: `${origin}/oauth/v2/revoke`,
    end_session_endpoint: `${origin}/oidc/v1/end_session`,
    device_authorization_endpoint: `${origin}/oauth/v2/device_authorization`,
    jwks_uri: `${origin}/oauth/v2/keys`,
    scopes_supported: ["openid", "profile", "email", "phone", "address", "offline_access"],
    response_types_supported: ["code", "id_token", "id_token token"],
    response_modes_supported: ["query", "fragment", "form_post"],
    grant_types_supported: ["authorization_code", "implicit", "refresh_token", "client_credentials"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["EdDSA", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"],
    token_endpoint_auth_methods_supported: [
      "none",
      "client_secret_basic",
      "client_secret_post",
      "private_key_jwt",
    ],
    code_challenge_methods_supported: ["S256"],
  }),
  paths: {
    authorize: "/oauth/v2/authorize",
    token: "/oauth/v2/token",
    device: "/oauth/v2/device_authorization",
  },
  iss: ({ origin }) => origin,
  device: ({ origin }) => ({
    body: {
      device_code: "dOcbPeysDhT26ZatRh9n7Q",
      user_code: "GQWC-FWFK",
      verification_uri: `${origin}/device`,
      verification_uri_complete: `${origin}/device?user_code=GQWC-FWFK`,
      expires_in: 300,
      interval: 5,
    },
  }),
  pending: {
    status: 400,
    body: {
      error: "authorization_pending",
      error_description:
        "The client SHOULD repeat the access token request to the token endpoint, after interval from device authorization response.",
    },
  },
  insist: (seen) =>
    authenticatesBy(seen, "none") ? undefined : { status: 401, body: { error: "invalid_client" } },
  tokens: (issued) => ({ body: { ...issued, token_type: "Bearer", expires_in: 43199 } }),
  refreshed: (issued) => ({ body: { ...issued, token_type: "Bearer", expires_in: 43199 } }),
  declined: {
    status: 400,
    body: { error: "access_denied", error_description: "The authorization request was denied." },
  },
  declined_exit: 7,
  ended: {
    status: 400,
    body: { error: "invalid_grant", error_description: "Errors.OIDCSession.RefreshTokenInvalid" },
  },
};
