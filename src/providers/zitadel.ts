import { below, isWithin, type Preset } from "./preset.js";

/**
 * Zitadel, Cloud and self-hosted.
 * https://zitadel.com/docs/apis/openidoauth/endpoints
 * https://zitadel.com/docs/apis/openidoauth/scopes
 * https://zitadel.com/docs/guides/integrate/login/oidc/device-authorization
 */
export const zitadel: Preset = {
  name: "zitadel",
  title: "Zitadel",
  recognises: (issuer) => isWithin(issuer, "zitadel.cloud"),
  issuer_rule: "exact",
  discovery: true,
  endpoints: (issuer) => ({ device_authorization_endpoint: below(issuer, "/oauth/v2/device_authorization") }),
  defaults: { scope: "openid profile offline_access" },
  session_ended: [],
  refresh_token: "rotates",
  setup:
    "In a project create an application of type Native with the grants Authorization Code or Device Code, and Refresh Token. Set its token type to JWT and register http://127.0.0.1/callback as redirect URI.",
  note: "The audience is asked for by a scope, `urn:zitadel:iam:org:project:id:<project id>:aud`. With the token type Bearer the access token is opaque. The issuer has no slash at its end.",
  example: {
    preset: "zitadel",
    issuer: "https://<instance>.zitadel.cloud",
    client_id: "<client id>",
    scope: "openid offline_access urn:zitadel:iam:org:project:id:<project id>:aud",
  },
};
