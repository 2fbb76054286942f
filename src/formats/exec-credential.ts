import type { TokenSet } from "../token/token-set.js";

/** In seconds since the epoch: RFC 3339 has four digits for a year. */
const YEAR_10000 = 253_402_300_800;

/** What kubectl reads from a credential plugin (client.authentication.k8s.io/v1). */
export function execCredential(tokens: TokenSet): string {
  const { access_token, expires_at } = tokens;
  // Left out, the token counts as good until a server refuses it, which is right for one that outlives RFC 3339.
  const expires = expires_at !== undefined && expires_at < YEAR_10000;
  return JSON.stringify({
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: {
      ...(expires && { expirationTimestamp: rfc3339(expires_at) }),
      token: access_token,
    },
  });
}

/** RFC 3339 in whole seconds, as Kubernetes' metav1.Time wants it. */
function rfc3339(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().replace(".000Z", "Z");
}
