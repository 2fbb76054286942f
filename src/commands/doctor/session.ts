import { duration } from "../../duration.js";
import { commandOn } from "../../profile.js";
import { obtain } from "../../session/obtain.js";
import { unattendedFlow } from "../../token/choose-flow.js";
import { claimsOf, holderOf } from "../../token/claims.js";
import { secondsLeft } from "../../token/freshness.js";
import { type Check, fail, failed, own, type Patient, pass, skip, type Told, warn } from "./check.js";

/** Scopes that ask for a session or the person, and are often not named among what was granted. */
const NOT_GRANTED_BY_NAME = ["openid", "profile", "email", "offline_access", "address", "phone"];

/** Whether somebody has signed in, and for how long that lasts. */
export const session: Check<Patient> = {
  name: "session",
  seconds: 20,
  async run({ context, profile, access }) {
    const login = `run: ${commandOn(profile)}`;
    if (profile.flow[0] === "static_key") return skip("a fixed key has none");
    try {
      const stored = await access.read();
      const unattended = unattendedFlow(profile.flow) === profile.flow[0];
      if (unattended) return skip("the token is had without a person");
      if (!stored) return fail("nobody is signed in", login, "sign_in_needed");
      const { tokens, store } = stored;
      const where = `kept in the ${store} store`;
      if (tokens.refresh_token === undefined) {
        const left = secondsLeft(tokens, context.now());
        if (left <= 0)
          return fail("the session has ended, and there is no refresh token", login, "sign_in_needed");
        return warn(
          `there is no refresh token (${where}), so a sign-in is needed at every expiry`,
          'add offline_access to "scope", or allow the grant refresh_token for the client, and sign in again',
        );
      }
      const ends = holderOf(tokens).session_expires_at;
      if (ends === undefined)
        return pass(`there is a refresh token, ${where}; the provider does not say for how long`);
      const left = Math.round(ends - context.now());
      if (left <= 0) return fail(`the session ended ${duration(-left)} ago`, login, "sign_in_needed");
      return pass(`there is a refresh token, ${where}, for ${duration(left)}`);
    } catch (error) {
      return failed(error);
    }
  },
};

/** The token that `get` would print now, and what it says of itself. */
export const token: Check<Patient> = {
  name: "token",
  after: ["session"],
  seconds: 40,
  async run(patient) {
    const { context, profile, access } = patient;
    try {
      patient.tokens = await obtain(context, access, { interactive: false });
    } catch (error) {
      const { message, hint, kind } = own(error);
      return fail(message, hint, kind);
    }
    const { tokens } = patient;
    if (tokens.token_type === "static") return pass("the key is there");
    const { audience, issuer, scope } = holderOf(tokens);
    const left = Math.round(secondsLeft(tokens, context.now()));
    const life = Number.isFinite(left) ? `valid for ${duration(left)}` : "of unknown life";
    const kind = claimsOf(tokens.access_token) ? "a JWT" : "opaque";
    const facts = [
      kind,
      life,
      ...(audience ? [`for ${audience.join(", ")}`] : []),
      ...(scope ? [`scope ${scope}`] : []),
    ];
    const told: Told[] = [pass(facts.join(", "))];
    const missing = missingScopes(profile.scope, scope);
    if (missing.length > 0)
      told.push(
        warn(
          `the provider did not grant scope ${missing.join(" ")}`,
          "have the client allowed to ask for it, and agree to it at sign-in; then sign in again",
        ),
      );
    const { server } = patient;
    if (issuer !== undefined && server && bare(issuer) !== bare(server.issuer))
      told.push(
        warn(
          `the token says it is from ${context.redactor.clean(issuer)}, and the profile's issuer is ${server.issuer}`,
          "the API must expect the former; if it expects the latter, it refuses the token",
        ),
      );
    return told;
  },
};

function missingScopes(asked: string | undefined, granted: string | undefined): readonly string[] {
  if (asked === undefined || granted === undefined) return [];
  const has = granted.split(" ");
  return asked.split(" ").filter((scope) => !has.includes(scope) && !NOT_GRANTED_BY_NAME.includes(scope));
}

function bare(issuer: string): string {
  return issuer.replace(/\/$/, "");
}
