import { below, isWithin, type Preset } from "./preset.js";

/**
 * Okta, the org authorization server and custom ones.
 * https://developer.okta.com/docs/guides/device-authorization-grant/main/
 * https://developer.okta.com/docs/guides/refresh-tokens/main/
 * https://developer.okta.com/docs/reference/api/oidc/
 * https://developer.okta.com/docs/guides/build-self-signed-jwt/ (the audience is the token endpoint)
 */
export const okta: Preset = {
  name: "okta",
  title: "Okta",
  recognises: (issuer) =>
    ["okta.com", "oktapreview.com", "okta-emea.com", "okta-gov.com", "okta.mil"].some((domain) =>
      isWithin(issuer, domain),
    ),
  issuer_rule: "exact",
  discovery: true,
  endpoints: (issuer) => ({
    // The org server's issuer is the bare host; its endpoints still lie below /oauth2.
    device_authorization_endpoint: below(
      issuer,
      issuer.pathname === "/" ? "/oauth2/v1/device/authorize" : "/v1/device/authorize",
    ),
  }),
  defaults: {
    scope: "openid profile offline_access",
    redirect_uri: "http://localhost:8888/callback",
    client_assertion_audience: "token_endpoint",
  },
  session_ended: [],
  refresh_token: "may_rotate",
  setup:
    "Create an OIDC app integration of type Native Application with the grants Authorization Code or Device Authorization, and Refresh Token, and assign it to people. Allow the same grants in the access policy rule of the custom authorization server. Register http://localhost:8888/callback as sign-in redirect URI.",
  note: "Use a custom authorization server (…/oauth2/<id>): tokens of the org server are not meant to be checked by others. It sets the audience itself, so leave `audience` out. With rotation, an old refresh token lives 0 to 60 s longer; used after that, it ends the session.",
  example: {
    preset: "okta",
    issuer: "https://<org>.okta.com/oauth2/<server id>",
    client_id: "<client id>",
    redirect_uri: "http://localhost:8888/callback",
    scope: "openid offline_access <scope>",
  },
};
