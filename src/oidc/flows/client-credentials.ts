import { clientCredentialsGrant, type TokenEndpointResponse } from "openid-client";
import type { Client } from "../client.js";
import { requireEndpoints } from "../endpoints.js";
import { tokenParameters } from "./token-parameters.js";

/** RFC 6749 §4.4. */
export async function clientCredentials(client: Client): Promise<TokenEndpointResponse> {
  requireEndpoints(client, ["token_endpoint"]);
  const { configuration, profile } = client;
  const parameters = tokenParameters(profile);
  if (profile.scope !== undefined) parameters.set("scope", profile.scope);
  if (profile.audience !== undefined) parameters.set("audience", profile.audience);
  return clientCredentialsGrant(configuration, parameters);
}
