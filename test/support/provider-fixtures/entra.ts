import { authenticatesBy, type Fixture } from "./fixture.js";

const TENANT = "9122040d-6c67-4c5b-b112-36a304b66dad";

export const entra: Fixture = {
  preset: "entra",
  sources: [
    "https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-device-code",
    "https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow",
    "https://learn.microsoft.com/en-us/answers/questions/981553/oauth-2-0-device-authorization-grant-flow-the-expi",
    "https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes",
    "https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration",
  ],
  issuer_path: "/organizations/v2.0",
  profile: {
    client_id: "535fb089-9ff3-47b6-9bfb-4f1264799865",
    scope: "openid offline_access api://llm-gateway/.default",
  },
  discovery: ({ origin }) => ({
    token_endpoint: `${origin}/organizations/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    jwks_uri: `${origin}/organizations/discovery/v2.0/keys`,
    response_modes_supported: ["query", "fragment", "form_post"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
    scopes_supported: ["openid", "profile", "email", "offline_access"],
    issuer: "https://login.microsoftonline.com/{tenantid}/v2.0",
    request_uri_parameter_supported: false,
    userinfo_endpoint: "https://graph.microsoft.com/oidc/userinfo",
    authorization_endpoint: `${origin}/organizations/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${origin}/organizations/oauth2/v2.0/devicecode`,
    http_logout_supported: true,
    end_session_endpoint: `${origin}/organizations/oauth2/v2.0/logout`,
    tenant_region_scope: null,
    cloud_instance_name: "microsoftonline.com",
  }),
  paths: {
    authorize: "/organizations/oauth2/v2.0/authorize",
    token: "/organizations/oauth2/v2.0/token",
    device: "/organizations/oauth2/v2.0/devicecode",
  },
  iss: () => `https://login.microsoftonline.com/${TENANT}/v2.0`,
  id_token_claims: { tid: TENANT, ver: "2.0" },
  device: () => ({
    body: {
      user_code: "YZMYLD4K",
      device_code: "HAQABAAEAAAD--DLA3VO7QrddgJg7Wevr0WV9SxplIjUaZuAytY5xuFmkKNvO1AmBDEPZC",
      verification_uri: "https://www.microsoft.com/link",
      expires_in: 900,
      interval: 5,
      message:
        "To sign in, use a web browser to open the page https://www.microsoft.com/link and enter the code YZMYLD4K to authenticate.",
    },
  }),
  pending: {
    status: 400,
    body: {
      error: "authorization_pending",
      error_description:
        "AADSTS70016: The provided request has not yet been authorized by the user. The user must input their code.\r\nTrace ID: 21a7ca08-5c6d-4238-a06f-d7808ff27900\r\nCorrelation ID: 55137716-1f7e-42e1-b0fa-4d07b8d4896c\r\nTimestamp: 2022-08-25 09:34:07Z",
      error_codes: [70016],
      error_uri: "https://login.microsoftonline.com/error?code=70016",
    },
  },
  insist: (seen) => {
    if (authenticatesBy(seen, "none")) return undefined;
    return {
      status: 401,
      body: {
        error: "invalid_client",
        error_description:
          "AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
      },
    };
  },
  tokens: (issued) => ({
    body: {
      token_type: "Bearer",
      scope: "api://llm-gateway/inference",
      expires_in: 3599,
      ext_expires_in: 3599,
      ...issued,
    },
  }),
  refreshed: (issued) => ({
    body: { token_type: "Bearer", scope: "api://llm-gateway/inference", expires_in: 3599, ...issued },
  }),
  declined: {
    status: 400,
    body: {
      error: "authorization_declined",
      error_description: "AADSTS70017: The end user denied the authorization request.",
      error_codes: [70017],
    },
  },
  declined_exit: 7,
  ended: {
    status: 400,
    body: {
      error: "interaction_required",
      error_description:
        "AADSTS50076: Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access 'api://llm-gateway'.",
      error_codes: [50076],
      suberror: "basic_action",
    },
  },
};
