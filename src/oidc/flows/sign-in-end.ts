import { OidcTokenError } from "../../errors.js";
import { commandOn, type Profile } from "../../profile.js";

/** The error of a sign-in that nobody finished within `seconds`; a wrong `redirect_uri` shows in the browser alone. */
export function tooLate(profile: Profile, seconds: number, redirect_uri?: string): OidcTokenError {
  return new OidcTokenError(
    "sign_in_needed",
    `nobody finished the sign-in within ${Math.round(seconds)} s`,
    redirect_uri === undefined
      ? `run: ${commandOn(profile)}`
      : `if the browser showed an error about the redirect address, register exactly ${redirect_uri} at the provider; then run: ${commandOn(profile)}`,
  );
}
