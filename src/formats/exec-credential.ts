import type { TokenSet } from "../token/token-set.js";

/** What kubectl reads from a credential plugin (client.authentication.k8s.io/v1). */
export function execCredential(tokens: TokenSet): string {
  const { access_token, expires_at } = tokens;
  return JSON.stringify({
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: {
      ...(expires_at !== undefined && { expirationTimestamp: rfc3339(expires_at) }),
      token: access_token,
    },
  });
}

/** RFC 3339 in whole seconds, as Kubernetes' metav1.Time wants it. */
function rfc3339(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().replace(".000Z", "Z");
}
