import { refreshTokenGrant, type TokenEndpointResponse } from "openid-client";
import type { Client } from "./client.js";
import { requireEndpoints } from "./endpoints.js";
import { type Refusal, refusalIn, wording } from "./failure.js";
import { tokenParameters } from "./token-parameters.js";

export type RefreshAnswer =
  | { readonly outcome: "refreshed"; readonly answer: TokenEndpointResponse }
  | { readonly outcome: "session_ended"; readonly reason: string };

/** What providers say where RFC 6749 §5.2 says `invalid_grant`. */
const SESSION_ENDED = new Set([
  "invalid_grant",
  "invalid_request", // LemonLDAP
  "bad_refresh_token", // GitHub
  "interaction_required", // Entra
  "consent_required", // Entra
  "login_required",
]);

/** RFC 6749 §6. Throws what openid-client throws, except where the answer means that the session is over. */
export async function refresh(client: Client, refresh_token: string): Promise<RefreshAnswer> {
  requireEndpoints(client, ["token_endpoint"]);
  const { configuration, profile, redactor } = client;
  redactor.hide(refresh_token);
  try {
    const answer = await refreshTokenGrant(configuration, refresh_token, tokenParameters(profile));
    return { outcome: "refreshed", answer };
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal === undefined || !endsSession(refusal)) throw error;
    return { outcome: "session_ended", reason: wording(refusal, redactor) };
  }
}

function endsSession(refusal: Refusal): boolean {
  if (refusal.error !== undefined) return SESSION_ENDED.has(refusal.error);
  // glewlwyd
  return refusal.status === 400 && refusal.empty;
}
