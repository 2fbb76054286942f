import { objectIn } from "../text.js";
import type { TokenSet } from "../token/token-set.js";
import type { HeaderRule } from "./header-rule.js";
import { rfc3339 } from "./rfc3339.js";

/** The versions of client.authentication.k8s.io there are, as kubectl writes them. */
export const EXEC_CREDENTIAL_VERSIONS: readonly unknown[] = ["v1", "v1beta1"].map(
  (version) => `client.authentication.k8s.io/${version}`,
);

/**
 * What kubectl reads from a credential plugin, in the version that it asks for in KUBERNETES_EXEC_INFO: it takes no
 * other. Throws for a version that is not known here; `get` asks first.
 */
export function execCredential(
  tokens: TokenSet,
  _rule: HeaderRule,
  _now: number,
  env: Readonly<Record<string, string | undefined>>,
): string {
  // Left out, the token counts as good until a server refuses it, which is right for one that outlives RFC 3339.
  const expirationTimestamp = rfc3339(tokens.expires_at);
  const apiVersion = askedVersion(env.KUBERNETES_EXEC_INFO);
  if (!EXEC_CREDENTIAL_VERSIONS.includes(apiVersion)) throw new RangeError();
  return JSON.stringify({
    apiVersion,
    kind: "ExecCredential",
    status: { expirationTimestamp, token: tokens.access_token },
  });
}

/** The apiVersion in a KUBERNETES_EXEC_INFO, known or not; the newest where that variable is not set. */
export function askedVersion(info: string | undefined): unknown {
  return info ? objectIn(info)?.apiVersion : EXEC_CREDENTIAL_VERSIONS[0];
}
