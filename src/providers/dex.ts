import { below, type Preset } from "./preset.js";

/**
 * Dex.
 * https://dexidp.io/docs/configuration/tokens/
 * https://github.com/dexidp/dex, server/deviceflowhandlers.go, refreshhandlers.go, oauth2.go
 */
export const dex: Preset = {
  name: "dex",
  title: "Dex",
  recognises: (issuer) => /^\/dex\/?$/.test(issuer.pathname),
  issuer_rule: "exact",
  discovery: true,
  endpoints: (issuer) => ({ device_authorization_endpoint: below(issuer, "/device/code") }),
  // A device request with its secret in the Authorization header counts as one without.
  defaults: { scope: "openid profile email offline_access", client_auth: "client_secret_post" },
  // Refresh tokens that are expired or were used before.
  session_ended: ["invalid_request"],
  refresh_token: "may_rotate",
  setup:
    "Add a static client with `public: true` and no redirectURIs: then any loopback port and the device flow work. With redirectURIs, list this program's exactly, and `/device/callback` for the device flow.",
  note: "The audience is the client; another one is asked for with the scope `audience:server:client_id:<id>`, and trusted with `trustedPeers`. Access and ID token are both JWTs of the same claims.",
  example: {
    preset: "dex",
    issuer: "https://<host>/dex",
    client_id: "<client id>",
    scope: "openid email groups offline_access",
  },
};
