import type { Preset } from "./preset.js";

/** Any provider that keeps to OpenID Connect Discovery, RFC 6749 and RFC 8628. */
export const generic: Preset = {
  name: "generic",
  title: "Any other provider",
  recognises: () => false,
  issuer_rule: "exact",
  discovery: true,
  defaults: {},
  // What LemonLDAP::NG, and GitHub on a company's own host, say for invalid_grant.
  session_ended: ["invalid_request", "bad_refresh_token"],
  refresh_token: "may_rotate",
  api_key: "resource",
  setup:
    "Register a public client (native app) with the grants authorization_code or device_code, and refresh_token, and a loopback redirect URI such as http://127.0.0.1:8888/callback.",
  note: "Ask for offline_access where the provider gives refresh tokens for that. A provider without discovery takes its addresses from `endpoints`.",
  example: {
    issuer: "https://<host>",
    client_id: "<client id>",
    redirect_uri: "http://127.0.0.1:8888/callback",
    scope: "openid offline_access",
  },
};
