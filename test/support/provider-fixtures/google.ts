import { authenticatesBy, type Fixture } from "./fixture.js";

export const google: Fixture = {
  preset: "google",
  sources: [
    "https://developers.google.com/identity/protocols/oauth2/limited-input-device",
    "https://developers.google.com/identity/protocols/oauth2/native-app",
    "https://developers.google.com/identity/protocols/oauth2/web-server#offline",
    "https://accounts.google.com/.well-known/openid-configuration",
  ],
  issuer_path: "",
  profile: {
    client_id: "1234567890-abc.apps.googleusercontent.com",
    client_secret: "GOCSPX-fixture_secret",
    scope: "openid email",
  },
  discovery: ({ origin, other }) => ({
    issuer: origin,
    authorization_endpoint: `${origin}/o/oauth2/v2/auth`,
    // On oauth2.googleapis.com.
    device_authorization_endpoint: `${other}/device/code`,
    token_endpoint: `${other}/token`,
    revocation_endpoint: `${other}/revoke`,
    jwks_uri: "https://www.googleapis.com/oauth2/v3/certs",
    response_types_supported: ["code", "token", "id_token", "none"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid", "email", "profile"],
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    code_challenge_methods_supported: ["plain", "S256"],
  }),
  paths: { authorize: "/o/oauth2/v2/auth", token: "/token", device: "/device/code" },
  iss: ({ origin }) => origin,
  device: () => ({
    body: {
      device_code: "4/4-GMMhmHCXhWEzkobqIHGG_EnNYYsAkukHspeYUk9E8",
      user_code: "GQVQ-JKEC",
      verification_url: "https://www.google.com/device",
      expires_in: 1800,
      interval: 5,
    },
  }),
  pending: {
    status: 428,
    body: { error: "authorization_pending", error_description: "Precondition Required" },
  },
  authorization_params: { access_type: "offline", prompt: "consent" },
  insist: (seen, at) => {
    if (at === "device" || authenticatesBy(seen, "client_secret_post")) return undefined;
    return {
      status: 401,
      body: { error: "invalid_client", error_description: "The OAuth client was not found." },
    };
  },
  tokens: (issued) => ({
    body: { ...issued, expires_in: 3920, scope: "openid email", token_type: "Bearer" },
  }),
  refreshed: ({ access_token, id_token }) => ({
    body: { access_token, id_token, expires_in: 3920, scope: "openid email", token_type: "Bearer" },
  }),
  declined: { status: 403, body: { error: "access_denied", error_description: "Forbidden" } },
  declined_exit: 7,
  ended: {
    status: 400,
    body: { error: "invalid_grant", error_description: "Token has been expired or revoked." },
  },
};
