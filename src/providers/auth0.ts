import { below, isWithin, type Preset } from "./preset.js";

/**
 * Auth0.
 * https://auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow/call-your-api-using-the-device-authorization-flow
 * https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation
 */
export const auth0: Preset = {
  name: "auth0",
  title: "Auth0",
  recognises: (issuer) => isWithin(issuer, "auth0.com"),
  issuer_rule: "exact",
  discovery: true,
  endpoints: (issuer) => ({ device_authorization_endpoint: below(issuer, "/oauth/device/code") }),
  defaults: { scope: "openid profile offline_access", redirect_uri: "http://127.0.0.1:8888/callback" },
  session_ended: [],
  refresh_token: "may_rotate",
  needs: [
    {
      key: "audience",
      is_vital: false,
      why: "without the API's identifier as audience Auth0's access token is opaque, and no API can check it",
    },
  ],
  api_key: "audience",
  setup:
    "Create a Native application with the grants Authorization Code or Device Code, and Refresh Token. Create the API and switch on “Allow Offline Access”. Register http://127.0.0.1:8888/callback under Allowed Callback URLs.",
  note: "Write the API's identifier as `audience`, else the access token is opaque and no gateway can check it. The issuer ends in a slash. The callback URL must match exactly, port included.",
  example: {
    preset: "auth0",
    issuer: "https://<tenant>.auth0.com/",
    client_id: "<client id>",
    audience: "<API identifier>",
    redirect_uri: "http://127.0.0.1:8888/callback",
  },
};
