import type { GlobalOptions } from "../arguments.js";
import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";
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
      "to change the key, run oidc-token login or edit where the key is kept",
    );
  }
  const say = (sentence: string): void => tell(context, sentence);
  const access = accessProfile(context, profile, { interactive: isTerminal(context), notice: say });
  const stored = await access.read();
  if (stored && stored.tokens.refresh_token === undefined && unattendedFlow(profile.flow) === undefined) {
    throw new OidcTokenError(
      "sign_in_needed",
      `the provider gave profile "${profile.name}" no refresh token`,
      'add "offline_access" to its scope if the provider knows it, then run oidc-token login',
    );
  }
  const tokens = await obtain(context, access, { min_validity: 0, force_refresh: true });
  const left =
    tokens.expires_at === undefined ? "" : `, valid for ${Math.round(tokens.expires_at - context.now())} s`;
  say(`refreshed ${profile.name}${left}`);
}
