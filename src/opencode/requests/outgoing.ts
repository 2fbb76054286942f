import type { ProfileFacts } from "../../commands/profiles.js";
import { lasting } from "../command/failure.js";

/** Stands where OpenCode wants a key. It is never sent: a header that holds it is deleted. */
export const PLACEHOLDER = "kept-by-oidc-token";
/** Stands where OpenCode wants an address and there is none: it fails before it asks us otherwise, in words of its own. */
export const NOWHERE = "https://oidc-token.invalid/v1";

/** Throws where the profile's token must not go. */
export function check({ profile, allowed_origins }: ProfileFacts, url: URL): void {
  if (allowed_origins.includes(url.origin)) return;
  throw lasting(
    url.origin === new URL(NOWHERE).origin
      ? `profile "${profile}" of oidc-token has no base_url, the address of its models; add it to the file that \`oidc-token config path\` names`
      : `the token of profile "${profile}" is for ${allowed_origins.join(", ")}, not for ${url.origin}: ` +
          "correct baseURL in opencode.json, or allowed_origins in oidc-token's own configuration",
  );
}

/** The headers of a request with this token, and without what stood in its place. */
export function withToken(profile: ProfileFacts, given: RequestInit["headers"], token: string): Headers {
  const headers = new Headers(given);
  for (const [key, value] of [...headers]) if (value.includes(PLACEHOLDER)) headers.delete(key);
  headers.set(profile.header, `${profile.header_scheme} ${token}`.trim());
  return headers;
}

/** What `fetch` takes beside an address. */
export function initOf({ method, headers, body, signal }: Request): RequestInit {
  return { method, headers, body, signal };
}
