import { authenticatesBy, type Fixture } from "./fixture.js";

/** About 3.3 kB, as OCI's access tokens are. */
const PADDING = "x".repeat(3200);

export const oci: Fixture = {
  preset: "oci",
  sources: [
    "https://docs.oracle.com/en/cloud/paas/identity-cloud/rest-api/op-well-known-openid-configuration-get.html",
    "https://docs.oracle.com/en/cloud/paas/identity-cloud/rest-api/DeviceCodeFlowAuth.html",
    "https://docs.oracle.com/en/cloud/paas/identity-cloud/rest-api/op-oauth2-v1-device-post.html",
    "https://docs.oracle.com/en/cloud/saas/field-service/fapcf/c-refresh-token.html",
    // A document as a real domain answered it, with :443 in every address.
    "https://github.com/micronaut-projects/micronaut-security, OracleCloudEndSessionEndpointTest.java",
  ],
  issuer_path: "",
  profile: {
    client_id: "0123456789abcdef0123456789abcdef",
    client_secret: "idcscs-6d2f6c6e-0000-4000-8000-000000000000",
    scope: "openid offline_access https://llm.example.com/api/inference",
  },
  discovery: ({ origin }) => ({
    issuer: "https://identity.oraclecloud.com/",
    authorization_endpoint: `${origin}/oauth2/v1/authorize`,
    token_endpoint: `${origin}/oauth2/v1/token`,
    userinfo_endpoint: `${origin}/oauth2/v1/userinfo`,
    // The documentation shows paths, real domains answer addresses in full: both are to work.
    revocation_endpoint: "/oauth2/v1/revoke",
    introspection_endpoint: `${origin}/oauth2/v1/introspect`,
    end_session_endpoint: `${origin}/oauth2/v1/userlogout`,
    secure_token_endpoint: "https://idcs-0.eu-madrid-idcs-1.secure.identity.oraclecloud.com/oauth2/v1/token",
    jwks_uri: `${origin}/admin/v1/SigningCert/jwk`,
    scopes_supported: ["openid", "profile", "offline_access", "email", "address", "phone", "groups"],
    response_types_supported: ["code", "token", "id_token", "code token", "code id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    grant_types_supported: ["client_credentials", "password", "refresh_token", "authorization_code"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "private_key_jwt", "client_secret_post"],
  }),
  paths: { authorize: "/oauth2/v1/authorize", token: "/oauth2/v1/token", device: "/oauth2/v1/device" },
  iss: () => "https://identity.oraclecloud.com/",
  device: () => ({
    body: {
      expires_in: 300,
      device_code: "4d03f7bc-f7a5-4795-819a-5748c4801d35",
      user_code: "SDFGHJKL",
      verification_uri: "http://tenant-base-url/ui/v1/device",
    },
  }),
  insist: (seen, at) => {
    if (at === "token") {
      if (authenticatesBy(seen, "client_secret_basic")) return undefined;
      return {
        status: 401,
        body: { error: "invalid_client", error_description: "Client authentication failed." },
      };
    }
    if (authenticatesBy(seen, "none") && seen.form.get("response_type") === "device_code") return undefined;
    return { status: 400, body: { error: "invalid_request", error_description: "Invalid request." } };
  },
  tokens: ({ access_token, refresh_token, id_token }) => ({
    body: {
      access_token: access_token + PADDING,
      token_type: "Bearer",
      expires_in: 3600,
      refresh_token,
      id_token,
    },
  }),
  refreshed: ({ access_token, refresh_token }) => ({
    body: { access_token: access_token + PADDING, token_type: "Bearer", expires_in: 3600, refresh_token },
  }),
  declined: {
    status: 400,
    body: { error: "access_denied", error_description: "The user denied the authorization request." },
  },
  declined_exit: 7,
  ended: {
    status: 400,
    body: { error: "invalid_grant", error_description: "The refresh token is invalid or was used before." },
  },
};
