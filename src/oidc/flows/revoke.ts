import { tokenRevocation } from "openid-client";
import type { TokenSet } from "../../token/token-set.js";
import type { Client } from "../client.js";
import { requireEndpoints } from "../endpoints.js";
import { refusalIn } from "../refusal.js";

/** RFC 7009 §2.1: the refresh token, which takes the access tokens with it, else the access token. */
export async function revoke(client: Client, tokens: TokenSet): Promise<"revoked" | "not_supported"> {
  const { configuration, redactor } = client;
  if (configuration.serverMetadata().revocation_endpoint === undefined) return "not_supported";
  requireEndpoints(client, ["revocation_endpoint"]);
  const token = tokens.refresh_token ?? tokens.access_token;
  redactor.add(token);
  const token_type_hint = tokens.refresh_token === undefined ? "access_token" : "refresh_token";
  try {
    await tokenRevocation(configuration, token, { token_type_hint });
    return "revoked";
  } catch (error) {
    if (refusalIn(error)?.error === "unsupported_token_type") return "not_supported";
    throw error;
  }
}
