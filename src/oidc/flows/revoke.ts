import { tokenRevocation } from "openid-client";
import type { TokenSet } from "../../token/token-set.js";
import type { Client } from "../client.js";
import { requireEndpoints } from "../endpoints.js";
import { refusalIn } from "../refusal.js";

/**
 * RFC 7009 §2.1: the refresh token, and the access token, which only some servers end with it, and none says whether it
 * does. Once the refresh token is revoked the rest is as well as it can be.
 */
export async function revoke(
  client: Client,
  tokens: TokenSet,
  now: number,
): Promise<"revoked" | "not_supported"> {
  const { configuration, redactor } = client;
  if (configuration.serverMetadata().revocation_endpoint === undefined) return "not_supported";
  requireEndpoints(client, ["revocation_endpoint"]);
  const { access_token, refresh_token, expires_at = Number.POSITIVE_INFINITY } = tokens;
  for (const token of [access_token, refresh_token]) redactor.add(token);
  const end = (token: string, token_type_hint: string) =>
    tokenRevocation(configuration, token, { token_type_hint });
  try {
    if (refresh_token === undefined) {
      await end(access_token, "access_token");
    } else {
      await end(refresh_token, "refresh_token");
      if (expires_at > now) await end(access_token, "access_token").catch(() => undefined);
    }
    return "revoked";
  } catch (error) {
    if (refusalIn(error)?.error === "unsupported_token_type") return "not_supported";
    throw error;
  }
}
