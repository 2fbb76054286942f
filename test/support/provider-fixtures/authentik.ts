import { authenticatesBy, type Fixture } from "./fixture.js";

export const authentik: Fixture = {
  preset: "authentik",
  sources: [
    "https://docs.goauthentik.io/add-secure-apps/providers/oauth2/",
    "https://github.com/goauthentik/authentik, authentik/providers/oauth2/views/provider.py",
    "https://github.com/goauthentik/authentik, authentik/providers/oauth2/views/device_backchannel.py",
    "https://github.com/goauthentik/authentik, authentik/providers/oauth2/errors.py",
  ],
  issuer_path: "/application/o/llm/",
  profile: { client_id: "2VPFOZ0GrFpVh1PZ3C8q", scope: "openid offline_access" },
  discovery: ({ origin }) => ({
    // With issuer mode “Same identifier for all providers”.
    issuer: `${origin}/`,
    authorization_endpoint: `${origin}/application/o/authorize/`,
    token_endpoint: `${origin}/application/o/token/`,
    userinfo_endpoint: `${origin}/application/o/userinfo/`,
    end_session_endpoint: `${origin}/application/o/llm/end-session/`,
    introspection_endpoint: `${origin}/application/o/introspect/`,
    revocation_endpoint: `${origin}/application/o/revoke/`,
    device_authorization_endpoint: `${origin}/application/o/device/`,
    response_types_supported: ["code", "id_token", "id_token token", "code token", "code id_token"],
    jwks_uri: `${origin}/application/o/llm/jwks/`,
    grant_types_supported: ["authorization_code", "refresh_token", "implicit", "client_credentials"],
    id_token_signing_alg_values_supported: ["RS256"],
    subject_types_supported: ["public"],
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    scopes_supported: ["openid", "profile", "offline_access"],
  }),
  paths: {
    authorize: "/application/o/authorize/",
    token: "/application/o/token/",
    device: "/application/o/device/",
  },
  iss: ({ origin }) => `${origin}/`,
  device: ({ origin }) => ({
    body: {
      device_code: "p4jd0qzRrXnCS1Zl3kYwTQ",
      verification_uri: `${origin}/device`,
      verification_uri_complete: `${origin}/device?code=123456789`,
      user_code: "123456789",
      expires_in: 60,
      interval: 5,
    },
  }),
  pending: {
    status: 400,
    body: {
      error: "authorization_pending",
      error_description:
        "The authorization request is still pending as the end user hasn't yet completed the user-interaction steps",
    },
  },
  insist: (seen) => {
    if (authenticatesBy(seen, "none")) return undefined;
    return { status: 400, body: { error: "invalid_client" } };
  },
  tokens: (issued) => ({
    body: { ...issued, token_type: "Bearer", scope: "openid offline_access", expires_in: 300 },
  }),
  refreshed: (issued) => ({
    body: { ...issued, token_type: "Bearer", scope: "openid offline_access", expires_in: 300 },
  }),
  declined: {
    status: 400,
    body: { error: "access_denied", error_description: "The authorization request was denied." },
  },
  declined_exit: 7,
  ended: {
    status: 400,
    body: {
      error: "invalid_grant",
      error_description:
        "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client",
    },
  },
};
