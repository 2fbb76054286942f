import { authenticatesBy, type Fixture } from "./fixture.js";

export const gitlab: Fixture = {
  preset: "gitlab",
  sources: [
    "https://docs.gitlab.com/api/oauth2/#device-authorization-grant-flow",
    "https://gitlab.com/.well-known/openid-configuration",
    "https://github.com/doorkeeper-gem/doorkeeper, config/locales/en.yml",
  ],
  issuer_path: "",
  profile: { client_id: "1cb242f495280beb4291e64bee2a17f330902e499882fe8e1e2aa875519cab33" },
  // It names no device_authorization_endpoint.
  discovery: ({ origin }) => ({
    issuer: origin,
    authorization_endpoint: `${origin}/oauth/authorize`,
    token_endpoint: `${origin}/oauth/token`,
    revocation_endpoint: `${origin}/oauth/revoke`,
    introspection_endpoint: `${origin}/oauth/introspect`,
    userinfo_endpoint: `${origin}/oauth/userinfo`,
    jwks_uri: `${origin}/oauth/discovery/keys`,
    scopes_supported: ["api", "read_api", "read_user", "openid", "profile", "email"],
    response_types_supported: ["code"],
    response_modes_supported: ["query", "fragment", "form_post"],
    grant_types_supported: [
      "authorization_code",
      "password",
      "client_credentials",
      "device_code",
      "refresh_token",
    ],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    code_challenge_methods_supported: ["plain", "S256"],
  }),
  paths: { authorize: "/oauth/authorize", token: "/oauth/token", device: "/oauth/authorize_device" },
  iss: ({ origin }) => origin,
  device: ({ origin }) => ({
    body: {
      device_code: "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
      user_code: "0A44L90H",
      verification_uri: `${origin}/oauth/device`,
      verification_uri_complete: `${origin}/oauth/device?user_code=0A44L90H`,
      expires_in: 300,
      interval: 5,
    },
  }),
  pending: { status: 400, body: { error: "authorization_pending", error_description: "..." } },
  authorization_params: { scope: "openid profile" },
  insist: (seen, at) => {
    if (at === "device" && seen.form.get("scope") !== "openid profile") {
      return { status: 400, body: { error: "invalid_scope" } };
    }
    if (authenticatesBy(seen, "none")) return undefined;
    return { status: 401, body: { error: "invalid_client" } };
  },
  tokens: (issued) => ({
    body: {
      ...issued,
      token_type: "Bearer",
      expires_in: 7200,
      scope: "openid profile",
      created_at: 1593096829,
    },
  }),
  refreshed: (issued) => ({
    body: {
      ...issued,
      token_type: "Bearer",
      expires_in: 7200,
      scope: "openid profile",
      created_at: 1628711391,
    },
  }),
  declined: { status: 400, body: { error: "access_denied", error_description: "..." } },
  declined_exit: 7,
  ended: {
    status: 400,
    body: {
      error: "invalid_grant",
      error_description:
        "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.",
    },
  },
};
