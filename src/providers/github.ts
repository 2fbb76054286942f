import { below, isWithin, type Preset } from "./preset.js";

/**
 * GitHub, GitHub Enterprise Cloud with data residency, GitHub Enterprise Server.
 * https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 * https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
 */
export const github: Preset = {
  name: "github",
  title: "GitHub",
  recognises: (issuer) => issuer.hostname === "github.com" || isWithin(issuer, "ghe.com"),
  issuer_rule: "exact",
  discovery: false,
  endpoints: (issuer) => ({
    authorization_endpoint: below(issuer, "/login/oauth/authorize"),
    token_endpoint: below(issuer, "/login/oauth/access_token"),
    device_authorization_endpoint: below(issuer, "/login/device/code"),
  }),
  defaults: {
    issuer: "https://github.com",
    flow: ["device_code", "authorization_code"],
    client_auth: "client_secret_post",
    id_token: "ignore",
  },
  dialect: {
    incorrect_client_credentials: "invalid_client",
    incorrect_device_code: "invalid_grant",
    bad_verification_code: "invalid_grant",
    redirect_uri_mismatch: "invalid_request",
    device_flow_disabled: "unauthorized_client",
    token_expired: "expired_token",
    bad_refresh_token: "invalid_grant",
  },
  session_ended: [],
  refresh_token: "rotates",
  setup:
    "Register a GitHub App or an OAuth app and tick “Enable Device Flow”. For the browser register http://127.0.0.1/callback as callback URL: any port matches.",
  note: "The device flow needs no secret, the browser does. Tokens of an OAuth app do not expire and come without a refresh token; those of a GitHub App last eight hours, their refresh token six months and one use.",
  example: { preset: "github", client_id: "<client id>", flow: "device_code", scope: "read:user" },
};
