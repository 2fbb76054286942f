import type { TokenSet } from "../token/token-set.js";

/**
 * What Google's libraries read from the program of an executable-sourced credential (google.aip.dev/auth/4117). They
 * take no access tokens, so this is always about the ID token.
 */
export function googleExecutable({ access_token, expires_at }: TokenSet): string {
  return JSON.stringify({
    version: 1,
    success: true,
    token_type: "urn:ietf:params:oauth:token-type:id_token",
    id_token: access_token,
    expiration_time: expires_at === undefined ? undefined : Math.floor(expires_at),
  });
}

/** The same protocol's failure: only with exit code 0 is it read, and shown to the person. */
export function googleFailure(code: string, message: string): string {
  return `${JSON.stringify({ version: 1, success: false, code, message })}\n`;
}
