import type { GlobalOptions } from "../arguments.js";
import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { commandOn } from "../profile.js";
import { accessProfile, selectProfile } from "../session/access.js";
import { obtain } from "../session/obtain.js";
import { isTerminal } from "../terminal/interactive.js";
import { tell } from "../terminal/tell.js";
import { unattendedFlow } from "../token/choose-flow.js";

/** `refresh`: forces a refresh and says when the new token expires. Never signs in. */
export async function refresh(context: Context, options: GlobalOptions): Promise<void> {
  const profile = await selectProfile(context, options);
  if (profile.flow[0] === "static_key") {
    throw new OidcTokenError(
      "usage",
      `profile "${profile.name}" has a static key, which is never refreshed`,
      profile.key?.from === "keyring"
        ? `to change it, run: ${commandOn(profile)}`
        : 'to change it, edit what "key" in the profile points to',
    );
  }
  const access = accessProfile(context, profile, isTerminal(context));
  const stored = await access.read();
  if (stored && stored.tokens.refresh_token === undefined && unattendedFlow(profile.flow) === undefined) {
    throw new OidcTokenError(
      "sign_in_needed",
      `profile "${profile.name}" has no refresh token: its session has ended, or the provider gave none`,
      `run: ${commandOn(profile)}; if that changes nothing, add "offline_access" to its scope first`,
    );
  }
  const tokens = await obtain(context, access, { min_validity: 0, force_refresh: true });
  const left =
    tokens.expires_at === undefined ? "" : `, valid for ${Math.round(tokens.expires_at - context.now())} s`;
  tell(context, `refreshed ${profile.name}${left}`);
}
