import type { Context, Secrets } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import type { Profile } from "../../profile.js";
import type { Client } from "../client.js";
import type { Redactor } from "../redact.js";
import { refusalIn, wording } from "../refusal.js";
import { githubActionsToken } from "./github-actions.js";

/** The keys of a profile that name a token to be traded in. */
export type SubjectKey = "subject_token" | "assertion";

/** Asks for the token anew, since it changes: who issues it decides how long it lives. */
export async function subjectToken(
  key: SubjectKey,
  profile: Profile,
  secrets: Secrets,
  context: Pick<Context, "env">,
  redactor: Redactor,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<string> {
  const reference = profile[key];
  const token =
    reference?.from === "github_actions"
      ? await githubActionsToken(reference.audience, context, fetch, signal)
      : await secrets[key]();
  redactor.hide(token);
  if (token !== undefined && token !== "") return token;
  throw new OidcTokenError(
    "configuration",
    `profile ${profile.name} has no ${key}`,
    `set ${key} to where the token is, such as {file:/var/run/secrets/tokens/llm}`,
  );
}

/** RFC 6749 §5.2 and RFC 8693 §2.2.2: what a provider says of a token that it does not take. */
const NOT_TAKEN = ["invalid_grant", "invalid_request", "invalid_token"];

/** Trades the token in. A refusal tells what stands in the token, since that is what the provider must be set up for. */
export async function tradeIn<T>(
  client: Client,
  key: SubjectKey,
  token: string,
  trade: () => Promise<T>,
): Promise<T> {
  try {
    return await trade();
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal?.error === undefined || !NOT_TAKEN.includes(refusal.error)) throw error;
    const { profile, redactor } = client;
    if (refusal.error === "invalid_request" && profile.client_id === undefined) throw error;
    throw new OidcTokenError(
      "refused",
      `the provider does not take the ${key} of profile ${profile.name}: ${wording(refusal, redactor)}`,
      `make the provider trust it${redactor.clean(description(token))}`,
      { cause: error },
    );
  }
}

/** What a JWT says of itself. Not verified: it is shown, and only to the one who has it. */
function description(token: string): string {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const { iss, aud, sub, exp } = payload as Record<string, unknown>;
    const said = Object.entries({ iss, aud, sub }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name} ${[value].flat().join(" ")}`],
    );
    const over = typeof exp === "number" && exp * 1000 < Date.now() ? "; it has expired" : "";
    return `: ${said.join(", ")}${over}`;
  } catch {
    return " (it is no JWT that could be read here)";
  }
}
