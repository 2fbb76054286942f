import { below, isWithin, type Preset } from "./preset.js";

/**
 * OCI IAM identity domains, formerly Oracle Identity Cloud Service.
 * https://docs.oracle.com/en/cloud/paas/identity-cloud/rest-api/op-well-known-openid-configuration-get.html
 * https://docs.oracle.com/en/cloud/paas/identity-cloud/rest-api/DeviceCodeFlowAuth.html
 * https://docs.oracle.com/en-us/iaas/Content/Identity/oauth/update-oauth-settings.htm (the issuer can be changed)
 */
export const oci: Preset = {
  name: "oci",
  title: "OCI IAM identity domains",
  // idcs-<id>.identity.oraclecloud.com, and the URL of a region, idcs-<id>.….identity.<region>.oci.oraclecloud.com.
  recognises: (issuer) => isWithin(issuer, "oraclecloud.com") && /^idcs-.*\.identity\./.test(issuer.hostname),
  // Every domain's document names https://identity.oraclecloud.com/, or what the domain's administrator has set.
  issuer_rule: "same_host",
  discovery: true,
  endpoints: (issuer) => ({ device_authorization_endpoint: below(issuer, "/oauth2/v1/device") }),
  defaults: {
    scope: "openid profile offline_access",
    redirect_uri: "http://localhost:8888/callback",
    client_auth: "client_secret_basic",
  },
  device_params: { response_type: "device_code" },
  device_request_without_secret: true,
  session_ended: [],
  refresh_token: "rotates",
  setup:
    "Add a confidential application (a mobile application for the device flow without a secret) with the grants Authorization Code or Device Code, and Refresh Token. Register http://localhost:8888/callback as redirect URL with “Allow non-HTTPS URLs”. On the resource application allow refresh tokens (“Is refresh token allowed”).",
  note: "Write the domain's own URL as issuer, and scopes in full (the resource's primary audience and the scope's name, joined), of one resource a profile. The redirect URL must match exactly, port included, and a refresh token works once.",
  example: {
    preset: "oci",
    issuer: "https://idcs-<id>.identity.oraclecloud.com",
    client_id: "<client id>",
    client_secret: "{file:~/.secrets/oci-client-secret}",
    redirect_uri: "http://localhost:8888/callback",
    scope: "openid offline_access <primary audience><scope>",
  },
};
