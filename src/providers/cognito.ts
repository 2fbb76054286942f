import type { Preset } from "./preset.js";

/**
 * Amazon Cognito user pools.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
 * https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html
 */
export const cognito: Preset = {
  name: "cognito",
  title: "Amazon Cognito",
  recognises: (issuer) => /^cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/.test(issuer.hostname),
  issuer_rule: "exact",
  discovery: true,
  defaults: {
    // There is no device grant, and offline_access is refused as an unknown scope.
    flow: ["authorization_code"],
    scope: "openid profile email",
    redirect_uri: "http://localhost:8888/callback",
    client_auth: "client_secret_basic",
  },
  session_ended: [],
  refresh_token: "may_rotate",
  setup:
    "Give the user pool a domain. Create an app client with the Authorization code grant and the scopes you ask for, and register http://localhost:8888/callback as callback URL.",
  note: "The issuer is the user pool (cognito-idp.…), not its domain. There is no device flow. Access tokens carry `client_id` and no `aud`: a gateway that wants an audience takes the ID token (`get --id-token`). The callback URL must match exactly, port included.",
  example: {
    preset: "cognito",
    issuer: "https://cognito-idp.<region>.amazonaws.com/<user pool id>",
    client_id: "<app client id>",
    redirect_uri: "http://localhost:8888/callback",
    scope: "openid email <resource server>/<scope>",
  },
};
