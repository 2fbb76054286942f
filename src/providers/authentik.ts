import type { Preset } from "./preset.js";

/**
 * authentik.
 * https://docs.goauthentik.io/add-secure-apps/providers/oauth2/
 * https://docs.goauthentik.io/add-secure-apps/providers/oauth2/device_code/
 * https://github.com/goauthentik/authentik, providers/oauth2/views/{provider,device_backchannel,token}.py
 */
export const authentik: Preset = {
  name: "authentik",
  title: "authentik",
  recognises: (issuer) => /^\/application\/o\/[^/]+\/?$/.test(issuer.pathname),
  // With “Same identifier for all providers” the document names the bare host.
  issuer_rule: "same_host",
  discovery: true,
  // Below the issuer's parent: one for all applications.
  endpoints: (issuer) => ({ device_authorization_endpoint: `${issuer.origin}/application/o/device/` }),
  defaults: { scope: "openid profile offline_access", redirect_uri: "http://127.0.0.1:8888/callback" },
  session_ended: [],
  refresh_token: "may_rotate",
  setup:
    "Create an application with an OAuth2/OpenID provider, client type Public, a signing key, and the scope mapping offline_access. For the device flow set a device code flow on the brand. Register the redirect URI http://127.0.0.1:8888/callback (strict), or a regular expression.",
  note: "Each application has an issuer of its own, with a slash at its end. Without a signing key tokens are signed with the secret and no gateway can check them. Twenty device sign-ins an hour from one address are allowed.",
  example: {
    preset: "authentik",
    issuer: "https://<host>/application/o/<application>/",
    client_id: "<client id>",
    redirect_uri: "http://127.0.0.1:8888/callback",
    scope: "openid offline_access",
  },
};
