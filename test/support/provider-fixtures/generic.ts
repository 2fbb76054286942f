import { authenticatesBy, type Fixture } from "./fixture.js";

/** The examples of the standards. */
export const generic: Fixture = {
  preset: "generic",
  sources: [
    "https://www.rfc-editor.org/rfc/rfc8628#section-3",
    "https://www.rfc-editor.org/rfc/rfc6749#section-5",
    "https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationResponse",
  ],
  issuer_path: "",
  profile: { client_id: "s6BhdRkqt3", client_secret: "gX1fBat3bV", scope: "openid offline_access" },
  discovery: ({ origin }) => ({
    issuer: origin,
    authorization_endpoint: `${origin}/connect/authorize`,
    token_endpoint: `${origin}/connect/token`,
    device_authorization_endpoint: `${origin}/device_authorization`,
    jwks_uri: `${origin}/jwks.json`,
    response_types_supported: ["code", "code id_token", "id_token", "token id_token"],
    subject_types_supported: ["public", "pairwise"],
    id_token_signing_alg_values_supported: ["RS256", "ES256", "HS256"],
  }),
  paths: { authorize: "/connect/authorize", token: "/connect/token", device: "/device_authorization" },
  iss: ({ origin }) => origin,
  device: () => ({
    body: {
      device_code: "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
      user_code: "WDJB-MJHT",
      verification_uri: "https://example.com/device",
      verification_uri_complete: "https://example.com/device?user_code=WDJB-MJHT",
      expires_in: 1800,
      interval: 5,
    },
  }),
  pending: { status: 400, body: { error: "authorization_pending" } },
  insist: (seen) => {
    if (authenticatesBy(seen, "client_secret_basic")) return undefined;
    return { status: 401, body: { error: "invalid_client" } };
  },
  tokens: (issued) => ({ body: { ...issued, token_type: "Bearer", expires_in: 3600 } }),
  refreshed: (issued) => ({ body: { ...issued, token_type: "Bearer", expires_in: 3600 } }),
  declined: { status: 400, body: { error: "access_denied" } },
  declined_exit: 7,
  ended: { status: 400, body: { error: "invalid_grant" } },
};
