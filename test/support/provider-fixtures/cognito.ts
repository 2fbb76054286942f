import { authenticatesBy, type Fixture } from "./fixture.js";

export const cognito: Fixture = {
  preset: "cognito",
  sources: [
    "https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html",
    "https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html",
    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_CUdISnM7M/.well-known/openid-configuration",
  ],
  issuer_path: "/eu-west-1_CUdISnM7M",
  profile: { client_id: "djc98u3jiedmi283eu928", client_secret: "cognito-fixture-secret" },
  discovery: ({ origin, other }) => ({
    // The endpoints are on the user pool's domain.
    authorization_endpoint: `${other}/oauth2/authorize`,
    end_session_endpoint: `${other}/logout`,
    id_token_signing_alg_values_supported: ["RS256"],
    issuer: `${origin}/eu-west-1_CUdISnM7M`,
    jwks_uri: `${origin}/eu-west-1_CUdISnM7M/.well-known/jwks.json`,
    response_types_supported: ["code", "token"],
    revocation_endpoint: `${other}/oauth2/revoke`,
    scopes_supported: ["openid", "email", "phone", "profile"],
    subject_types_supported: ["public"],
    token_endpoint: `${other}/oauth2/token`,
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    userinfo_endpoint: `${other}/oauth2/userInfo`,
  }),
  paths: { authorize: "/oauth2/authorize", token: "/oauth2/token" },
  iss: ({ origin }) => `${origin}/eu-west-1_CUdISnM7M`,
  id_token_claims: { token_use: "id" },
  // Asked for offline_access, Cognito answers invalid_scope.
  authorization_params: { scope: "openid profile email" },
  insist: (seen) => {
    if (authenticatesBy(seen, "client_secret_basic")) return undefined;
    return { status: 400, body: { error: "invalid_client" } };
  },
  tokens: (issued) => ({ body: { ...issued, token_type: "Bearer", expires_in: 3600 } }),
  refreshed: ({ access_token, id_token }) => ({
    body: { id_token, access_token, token_type: "Bearer", expires_in: 3600 },
  }),
  declined: { body: { error: "invalid_scope" } },
  declined_exit: 7,
  ended: { status: 400, body: { error: "invalid_grant" } },
};
