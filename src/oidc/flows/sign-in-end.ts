import { OidcTokenError } from "../../errors.js";
import type { Profile } from "../../profile.js";

/** The command that signs in to this profile. */
export function loginCommand(profile: Profile): string {
  return `oidc-token login --profile ${profile.name}`;
}

/** The error of a sign-in that nobody finished within `seconds`. */
export function tooLate(profile: Profile, seconds: number): OidcTokenError {
  return new OidcTokenError(
    "sign_in_needed",
    `nobody finished the sign-in within ${Math.round(seconds)} s`,
    `run: ${loginCommand(profile)}`,
  );
}
