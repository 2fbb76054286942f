import { genericGrantRequest, type TokenEndpointResponse } from "openid-client";
import type { Client } from "../client.js";
import { requireEndpoints } from "../endpoints.js";
import { tradeIn } from "./subject-token.js";
import { tokenParameters } from "./token-parameters.js";

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** RFC 7523 §2.1. */
export async function jwtBearer(client: Client, assertion: string): Promise<TokenEndpointResponse> {
  requireEndpoints(client, ["token_endpoint"]);
  const { configuration, profile } = client;
  const parameters = tokenParameters(profile);
  parameters.set("assertion", assertion);
  if (profile.scope !== undefined) parameters.set("scope", profile.scope);
  if (profile.audience !== undefined) parameters.set("audience", profile.audience);
  return await tradeIn(client, "assertion", assertion, () =>
    genericGrantRequest(configuration, JWT_BEARER, parameters),
  );
}
