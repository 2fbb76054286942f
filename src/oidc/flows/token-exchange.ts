import { genericGrantRequest, type TokenEndpointResponse } from "openid-client";
import type { Client } from "../client.js";
import { requireEndpoints } from "../endpoints.js";
import { tradeIn } from "./subject-token.js";
import { tokenParameters } from "./token-parameters.js";

const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt";

/** RFC 8693 §2.1. */
export async function tokenExchange(client: Client, subject_token: string): Promise<TokenEndpointResponse> {
  requireEndpoints(client, ["token_endpoint"]);
  const { configuration, profile } = client;
  const parameters = tokenParameters(profile);
  parameters.set("subject_token", subject_token);
  parameters.set("subject_token_type", profile.subject_token_type ?? JWT_TYPE);
  if (profile.requested_token_type !== undefined)
    parameters.set("requested_token_type", profile.requested_token_type);
  if (profile.scope !== undefined) parameters.set("scope", profile.scope);
  if (profile.audience !== undefined) parameters.set("audience", profile.audience);
  return await tradeIn(client, "subject_token", subject_token, () =>
    genericGrantRequest(configuration, TOKEN_EXCHANGE, parameters),
  );
}
