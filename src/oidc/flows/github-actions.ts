import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { type ExchangeOptions, exchange } from "../../http/exchange.js";
import { nameOf, serverTrouble } from "../../http/trouble.js";
import { isLoopback } from "../../loopback.js";
import { jsonIn } from "../../text.js";

/** What each job with the permission is given. */
const URL_VARIABLE = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN_VARIABLE = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const PERMISSION = "add `permissions: id-token: write` to the job, and to the workflow that calls it";

/**
 * The JWT that GitHub says who a job is with, made for this audience; without one it is made for the repository's owner.
 * https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
 * Throws `configuration` outside of a job or without its permission, `temporary` where GitHub does not answer.
 */
export async function githubActionsToken(
  audience: string | undefined,
  context: Pick<Context, "env" | "fetch" | "log">,
  limits: Omit<ExchangeOptions, "largest">,
): Promise<string> {
  const address = context.env[URL_VARIABLE];
  const bearer = context.env[TOKEN_VARIABLE];
  if (!address || !bearer || !URL.canParse(address)) {
    throw noToken(
      context.env.GITHUB_ACTIONS === "true"
        ? `this GitHub Actions job may not ask for a token: ${URL_VARIABLE} is not set`
        : "{github_actions} is for jobs of GitHub Actions, and this is none",
    );
  }
  const url = new URL(address);
  if (url.protocol !== "https:" && !isLoopback(url)) {
    throw noToken(`the address in ${URL_VARIABLE} is not https, so nothing is sent there`);
  }
  if (audience !== undefined) url.searchParams.set("audience", audience);
  const headers = { authorization: `Bearer ${bearer}`, accept: "application/json" };
  const { response, text } = await exchange(context, url, { headers }, { ...limits, largest: 65_536 });
  const trouble = serverTrouble(nameOf(url), response);
  if (trouble) throw trouble;
  const answer = jsonIn(text ?? "");
  if (response.ok && answer === undefined) {
    throw new OidcTokenError(
      "temporary",
      `${nameOf(url)} answered something that is not JSON`,
      "run the job again",
    );
  }
  const { value } = (answer ?? {}) as { value?: unknown };
  if (response.ok && typeof value === "string" && value !== "") return value;
  throw noToken(`the token endpoint of GitHub Actions has no token for this job (${response.status})`);
}

function noToken(sentence: string): OidcTokenError {
  return new OidcTokenError("configuration", sentence, PERMISSION);
}
