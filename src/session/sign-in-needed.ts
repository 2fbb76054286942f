import { OidcTokenError } from "../errors.js";
import { commandOn, type Profile } from "../profile.js";

/** Exit 3, naming the exact command. */
export function signInNeeded(profile: Profile, reason?: string): OidcTokenError {
  const why =
    reason === undefined
      ? `not signed in to profile "${profile.name}"`
      : `the session of profile "${profile.name}" has ended: ${reason}`;
  const { diverted_by } = profile;
  // Who did not set the variable must not sign in at the address it names.
  const first = diverted_by ? `unset ${diverted_by.join(" and ")} unless that was you, else ` : "";
  return new OidcTokenError("sign_in_needed", why, `${first}run: ${commandOn(profile)}`);
}
