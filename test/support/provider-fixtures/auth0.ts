import { authenticatesBy, type Fixture } from "./fixture.js";

export const auth0: Fixture = {
  preset: "auth0",
  sources: [
    "https://auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow/call-your-api-using-the-device-authorization-flow",
    "https://auth0.com/docs/api/authentication/device-authorization-flow/request-tokens",
    "https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation",
  ],
  issuer_path: "/",
  profile: { client_id: "rc1aaI8PDxC1LcuYI0niYJ2Av2Qv4Ycf", audience: "https://llm.example.com" },
  discovery: ({ origin }) => ({
    issuer: `${origin}/`,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/oauth/token`,
    device_authorization_endpoint: `${origin}/oauth/device/code`,
    userinfo_endpoint: `${origin}/userinfo`,
    mfa_challenge_endpoint: `${origin}/mfa/challenge`,
    jwks_uri: `${origin}/.well-known/jwks.json`,
    registration_endpoint: `${origin}/oidc/register`,
    revocation_endpoint: `${origin}/oauth/revoke`,
    scopes_supported: ["openid", "profile", "offline_access", "email"],
    response_types_supported: ["code", "token", "id_token"],
    code_challenge_methods_supported: ["S256", "plain"],
    subject_types_supported: ["public"],
    token_endpoint_auth_methods_supported: [
      "client_secret_basic",
      "client_secret_post",
      "private_key_jwt",
      "none",
    ],
    id_token_signing_alg_values_supported: ["HS256", "RS256", "PS256"],
  }),
  paths: { authorize: "/authorize", token: "/oauth/token", device: "/oauth/device/code" },
  iss: ({ origin }) => `${origin}/`,
  device: ({ origin }) => ({
    body: {
      device_code: "Ag_EE...ko1p",
      user_code: "QTZL-MCBW",
      verification_uri: `${origin}/activate`,
      verification_uri_complete: `${origin}/activate?user_code=QTZL-MCBW`,
      expires_in: 900,
      interval: 5,
    },
  }),
  pending: {
    status: 403,
    body: { error: "authorization_pending", error_description: "User has yet to authorize device code." },
  },
  authorization_params: { audience: "https://llm.example.com", scope: "openid profile offline_access" },
  insist: (seen, at) => {
    if (!authenticatesBy(seen, "none")) return { status: 401, body: { error: "access_denied" } };
    if (at === "token" || seen.form.get("audience") === "https://llm.example.com") return undefined;
    return { status: 403, body: { error: "access_denied", error_description: "Service not found" } };
  },
  tokens: (issued) => ({
    body: { ...issued, scope: "openid profile offline_access", expires_in: 86400, token_type: "Bearer" },
  }),
  refreshed: (issued) => ({
    body: { ...issued, scope: "openid profile offline_access", expires_in: 86400, token_type: "Bearer" },
  }),
  declined: {
    status: 403,
    body: {
      error: "access_denied",
      error_description: "User cancelled the confirmation prompt or consent page",
    },
  },
  declined_exit: 7,
  ended: {
    status: 403,
    body: { error: "invalid_grant", error_description: "Unknown or invalid refresh token." },
  },
};
