import type { Context } from "../../context.js";
import { isOidcTokenError, OidcTokenError } from "../../errors.js";

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
  context: Pick<Context, "env">,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<string> {
  const address = context.env[URL_VARIABLE];
  const bearer = context.env[TOKEN_VARIABLE];
  if (!address || !bearer || !URL.canParse(address)) {
    throw new OidcTokenError(
      "configuration",
      context.env.GITHUB_ACTIONS === "true"
        ? `this GitHub Actions job may not ask for a token: ${URL_VARIABLE} is not set`
        : "{github_actions} is for jobs of GitHub Actions, and this is none",
      PERMISSION,
    );
  }
  const url = new URL(address);
  if (audience !== undefined) url.searchParams.set("audience", audience);
  let status: number | undefined;
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${bearer}`, accept: "application/json" },
      redirect: "error",
      signal,
    });
    status = response.status;
    const { value } = (await response.json()) as { value?: unknown };
    if (response.ok && typeof value === "string" && value !== "") return value;
  } catch (error) {
    if (isOidcTokenError(error)) throw error;
    if (status === undefined || status === 200) {
      throw new OidcTokenError(
        "temporary",
        "the token endpoint of GitHub Actions did not answer",
        "run the job again",
      );
    }
  }
  if (status >= 500 || status === 429) {
    throw new OidcTokenError(
      "temporary",
      `the token endpoint of GitHub Actions is out of order (${status})`,
      "run the job again",
    );
  }
  throw new OidcTokenError(
    "configuration",
    `the token endpoint of GitHub Actions has no token for this job (${status})`,
    PERMISSION,
  );
}
