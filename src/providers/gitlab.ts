import { below, type Preset } from "./preset.js";

/**
 * GitLab.com and GitLab Self-Managed.
 * https://docs.gitlab.com/api/oauth2/
 * https://docs.gitlab.com/integration/oauth_provider/
 */
export const gitlab: Preset = {
  name: "gitlab",
  title: "GitLab",
  recognises: (issuer) => issuer.hostname === "gitlab.com",
  issuer_rule: "exact",
  discovery: true,
  endpoints: (issuer) => ({ device_authorization_endpoint: below(issuer, "/oauth/authorize_device") }),
  // Refresh tokens come unasked; offline_access is refused as an unknown scope.
  defaults: {
    issuer: "https://gitlab.com",
    scope: "openid profile",
    redirect_uri: "http://127.0.0.1:8888/callback",
  },
  session_ended: [],
  refresh_token: "rotates",
  setup:
    "Add an application (user, group or instance settings) with “Confidential” off and the scopes you ask for, and register http://127.0.0.1:8888/callback as redirect URI.",
  note: "A refresh ends the old access token at once, not only the old refresh token. Access tokens are opaque. The redirect URI must match exactly, port included. The device flow needs GitLab 17.3.",
  example: {
    preset: "gitlab",
    issuer: "https://gitlab.com",
    client_id: "<application id>",
    redirect_uri: "http://127.0.0.1:8888/callback",
    scope: "openid read_user",
  },
};
