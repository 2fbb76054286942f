import { isWithin, type Preset } from "./preset.js";

const HOSTS = [
  "login.microsoftonline.com",
  "login.microsoft.com",
  "login.microsoftonline.us",
  "login.partner.microsoftonline.cn",
];

/**
 * Microsoft Entra ID, the v2.0 endpoints, and Entra External ID.
 * https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-device-code
 * https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
 * https://learn.microsoft.com/en-us/entra/identity-platform/reply-url#localhost-exceptions
 */
export const entra: Preset = {
  name: "entra",
  title: "Microsoft Entra ID",
  recognises: (issuer) => HOSTS.includes(issuer.hostname) || isWithin(issuer, "ciamlogin.com"),
  // `common` and `organizations` answer {tenantid}; a tenant given by its domain answers with its id.
  issuer_rule: "tenant",
  discovery: true,
  defaults: { scope: "openid profile offline_access", redirect_uri: "http://localhost/callback" },
  dialect: {
    authorization_declined: "access_denied",
    bad_verification_code: "invalid_grant",
  },
  session_ended: [],
  refresh_token: "may_rotate",
  needs: [
    {
      key: "scope",
      is_vital: false,
      why: "without a scope of your own API (api://<its id>/.default) the token is for Microsoft Graph, and nobody else can check it",
    },
  ],
  setup:
    "Register an application, add http://localhost/callback under “Mobile and desktop applications”, and set “Allow public client flows” to yes for the device flow. Expose the API with a scope and give the application permission to it.",
  note: "Name the API in scope (`api://<API's id>/.default`), of one API a profile, else the token is for Microsoft Graph and nobody else can check it. Any port is fine on http://localhost. A client that is public sends no secret.",
  example: {
    preset: "entra",
    issuer: "https://login.microsoftonline.com/<tenant id>/v2.0",
    client_id: "<application id>",
    redirect_uri: "http://localhost/callback",
    scope: "openid offline_access api://<API's id>/.default",
  },
};
