import { below, type Preset } from "./preset.js";

/**
 * Keycloak and Red Hat build of Keycloak.
 * https://www.keycloak.org/securing-apps/oidc-layers
 * https://www.keycloak.org/docs/latest/server_admin/#con-basic-settings_server_administration_guide
 * https://github.com/keycloak/keycloak, DeviceGrantType.java and RedirectUtils.java
 */
export const keycloak: Preset = {
  name: "keycloak",
  title: "Keycloak",
  recognises: (issuer) => /^(\/auth)?\/realms\/[^/]+\/?$/.test(issuer.pathname),
  issuer_rule: "exact",
  discovery: true,
  endpoints: (issuer) => ({
    device_authorization_endpoint: below(issuer, "/protocol/openid-connect/auth/device"),
  }),
  defaults: { scope: "openid profile offline_access" },
  session_ended: [],
  refresh_token: "may_rotate",
  setup:
    "Create an OpenID Connect client with client authentication off, Standard flow and, if wanted, OAuth 2.0 Device Authorization Grant. Register http://127.0.0.1/callback as valid redirect URI: without a port it matches any. Add an audience mapper for the gateway's audience.",
  note: "offline_access starts an offline session, which outlives the browser session; a person needs the role of that name, which is given by default. Without it the refresh token ends with the session, after 30 idle minutes by default.",
  example: {
    preset: "keycloak",
    issuer: "https://<host>/realms/<realm>",
    client_id: "<client id>",
    scope: "openid offline_access",
  },
};
