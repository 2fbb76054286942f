import type { Preset } from "./preset.js";

/**
 * Google.
 * https://developers.google.com/identity/protocols/oauth2/native-app
 * https://developers.google.com/identity/protocols/oauth2/limited-input-device
 * https://developers.google.com/identity/openid-connect/openid-connect
 */
export const google: Preset = {
  name: "google",
  title: "Google",
  recognises: (issuer) => issuer.hostname === "accounts.google.com",
  issuer_rule: "exact",
  discovery: true,
  // Google refuses offline_access as a scope; `access_type` takes its place.
  defaults: {
    issuer: "https://accounts.google.com",
    scope: "openid email",
    client_auth: "client_secret_post",
  },
  // Without `consent` a refresh token comes only with the first sign-in of each person.
  authorization_params: { access_type: "offline", prompt: "consent" },
  dialect: { rate_limit_exceeded: "temporarily_unavailable", deleted_client: "invalid_client" },
  session_ended: [],
  revocation_ends_consent: true,
  refresh_token: "stays",
  needs: [
    {
      key: "client_secret",
      is_vital: true,
      why: "without the client's secret Google gives no token, even to a desktop app",
    },
  ],
  setup:
    "Create an OAuth client of type “Desktop app” (for the device flow: “TVs and Limited Input devices”) and set up the consent screen. While its publishing status is “Testing”, refresh tokens end after seven days.",
  note: "The secret is needed even for a desktop app. Access tokens are opaque: a gateway that checks a JWT wants the ID token (`get --id-token`). Any port is fine on http://127.0.0.1. The device flow grants only a few scopes.",
  example: {
    preset: "google",
    client_id: "<client id>.apps.googleusercontent.com",
    client_secret: "{file:~/.secrets/google-client-secret}",
    scope: "openid email",
  },
};
