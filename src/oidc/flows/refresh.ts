import { type CustomFetch, customFetch, refreshTokenGrant, type TokenEndpointResponse } from "openid-client";
import type { Profile } from "../../profile.js";
import { presetOf } from "../../providers/index.js";
import type { Client } from "../client.js";
import { type Refusal, refusalIn, wording } from "../refusal.js";
import { tokenParameters } from "./token-parameters.js";

export type RefreshAnswer =
  | { readonly outcome: "refreshed"; readonly answer: TokenEndpointResponse }
  | { readonly outcome: "session_ended"; readonly reason: string };

/** RFC 6749 §5.2, and what OpenID Connect Core §3.1.2.6 has for a person who is needed again. */
const SESSION_ENDED = ["invalid_grant", "interaction_required", "consent_required", "login_required"];

/**
 * RFC 6749 §6. Throws what openid-client throws, except where the answer means that the session is over. `onRotation` is
 * told the new refresh token as soon as the answer is there: the old one is spent, whatever is wrong with the rest.
 */
export async function refresh(
  client: Client,
  refresh_token: string,
  onRotation: (refresh_token: string) => void,
): Promise<RefreshAnswer> {
  const { configuration, profile, redactor, proofs } = client;
  const fetch = configuration[customFetch] as CustomFetch;
  configuration[customFetch] = async (url, options) => {
    const response = await fetch(url, options);
    const { refresh_token: next } = (response.status === 200 ? await bodyOf(response) : undefined) ?? {};
    if (typeof next !== "string" || !/^[\x20-\x7e]+$/.test(next) || next === refresh_token) return response;
    redactor.add(next);
    onRotation(next);
    return response;
  };
  try {
    const answer = await refreshTokenGrant(configuration, refresh_token, tokenParameters(profile), proofs);
    return { outcome: "refreshed", answer };
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal === undefined || !endsSession(refusal, profile)) throw error;
    return { outcome: "session_ended", reason: wording(refusal, redactor) };
  }
}

/** The body in JSON, left to be read again. */
async function bodyOf(response: Response): Promise<{ readonly refresh_token?: unknown } | null> {
  return (await response
    .clone()
    .json()
    .catch(() => null)) as { refresh_token?: unknown } | null;
}

function endsSession(refusal: Refusal, profile: Profile): boolean {
  if (refusal.error !== undefined) {
    return [...SESSION_ENDED, ...presetOf(profile).session_ended].includes(refusal.error);
  }
  // glewlwyd
  return refusal.status === 400 && refusal.empty;
}
