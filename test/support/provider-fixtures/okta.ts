import { authenticatesBy, type Fixture } from "./fixture.js";

export const okta: Fixture = {
  preset: "okta",
  sources: [
    "https://developer.okta.com/docs/guides/device-authorization-grant/main/",
    "https://developer.okta.com/docs/guides/refresh-tokens/main/",
    "https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/CustomAS/",
  ],
  issuer_path: "/oauth2/aus1",
  profile: { client_id: "0oa1a2b3c4D5e6F7g8h9", scope: "openid offline_access inference" },
  discovery: ({ origin }) => ({
    issuer: `${origin}/oauth2/aus1`,
    authorization_endpoint: `${origin}/oauth2/aus1/v1/authorize`,
    token_endpoint: `${origin}/oauth2/aus1/v1/token`,
    jwks_uri: `${origin}/oauth2/aus1/v1/keys`,
    response_types_supported: ["code", "token", "id_token"],
    grant_types_supported: [
      "authorization_code",
      "refresh_token",
      "urn:ietf:params:oauth:grant-type:device_code",
    ],
    subject_types_supported: ["public"],
    scopes_supported: ["openid", "profile", "email", "offline_access", "inference"],
    token_endpoint_auth_methods_supported: [
      "client_secret_basic",
      "client_secret_post",
      "client_secret_jwt",
      "private_key_jwt",
      "none",
    ],
    code_challenge_methods_supported: ["S256"],
    revocation_endpoint: `${origin}/oauth2/aus1/v1/revoke`,
    device_authorization_endpoint: `${origin}/oauth2/aus1/v1/device/authorize`,
  }),
  paths: {
    authorize: "/oauth2/aus1/v1/authorize",
    token: "/oauth2/aus1/v1/token",
    device: "/oauth2/aus1/v1/device/authorize",
  },
  iss: ({ origin }) => `${origin}/oauth2/aus1`,
  device: ({ origin }) => ({
    body: {
      device_code: "f5ec0430-c2fe-4a93-912d-08631f1effed",
      user_code: "HMBSRJRC",
      verification_uri: `${origin}/activate`,
      verification_uri_complete: `${origin}/activate?user_code=HMBSRJRC`,
      expires_in: 600,
      interval: 5,
    },
  }),
  pending: {
    status: 400,
    body: {
      error: "authorization_pending",
      error_description: "The device authorization is pending. Please try again later.",
    },
  },
  insist: (seen) => {
    if (authenticatesBy(seen, "none") && !seen.form.has("audience")) return undefined;
    return {
      status: 401,
      body: { error: "invalid_client", error_description: "No client credentials found." },
    };
  },
  tokens: (issued) => ({
    body: { token_type: "Bearer", expires_in: 3600, ...issued, scope: "offline_access openid inference" },
  }),
  refreshed: (issued) => ({
    body: { token_type: "Bearer", expires_in: 3600, ...issued, scope: "offline_access openid inference" },
  }),
  declined: {
    status: 400,
    body: {
      error: "access_denied",
      error_description: "The resource owner or authorization server denied the request.",
    },
  },
  declined_exit: 7,
  ended: {
    status: 400,
    body: { error: "invalid_grant", error_description: "The refresh token is invalid or expired." },
  },
};
