import { genericGrantRequest, type TokenEndpointResponse } from "openid-client";
import type { Context, Secrets } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import type { ExchangeOptions } from "../../http/exchange.js";
import type { Profile, UnattendedFlow } from "../../profile.js";
import { claimsOf } from "../../token/claims.js";
import type { Client } from "../client.js";
import { refusalIn, wording } from "../refusal.js";
import { githubActionsToken } from "./github-actions.js";
import { tokenParameters } from "./token-parameters.js";

/** The flows that need no person: their grant type, and the parameter that carries the token to be traded in. */
const GRANTS = {
  /** RFC 6749 §4.4. */
  client_credentials: { grant_type: "client_credentials", traded_in: undefined },
  /** RFC 8693 §2.1. */
  token_exchange: {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    traded_in: "subject_token",
  },
  /** RFC 7523 §2.1. */
  jwt_bearer: { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", traded_in: "assertion" },
} as const satisfies Record<UnattendedFlow, unknown>;

const JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt";
/** RFC 6749 §5.2 and RFC 8693 §2.2.2: what a provider says of a token that it does not take. */
const NOT_TAKEN = ["invalid_grant", "invalid_request", "invalid_token"];

/** The token the flow trades in, asked for anew, since it changes: who issues it decides how long it lives. */
export async function tokenToTradeIn(
  flow: UnattendedFlow,
  profile: Profile,
  secrets: Secrets,
  context: Pick<Context, "env" | "fetch" | "log" | "redactor">,
  limits: Omit<ExchangeOptions, "largest">,
): Promise<string | undefined> {
  const key = GRANTS[flow].traded_in;
  if (key === undefined) return undefined;
  const reference = profile[key];
  const token =
    reference?.from === "github_actions"
      ? await githubActionsToken(reference.audience, context, limits)
      : await secrets[key]();
  context.redactor.add(token);
  if (token) return token;
  throw new OidcTokenError(
    "configuration",
    `profile ${profile.name} has no ${key}`,
    `set ${key} to where the token is, such as {file:/var/run/secrets/tokens/llm}`,
  );
}

/** Asks for a token with what `tokenToTradeIn` gave. A refusal tells what stands in that: the provider must be set up for it. */
export async function unattended(
  client: Client,
  flow: UnattendedFlow,
  token: string | undefined,
): Promise<TokenEndpointResponse> {
  const { configuration, profile } = client;
  const { grant_type, traded_in } = GRANTS[flow];
  const parameters = tokenParameters(profile);
  const { scope, audience, subject_token_type = JWT_TYPE, requested_token_type } = profile;
  const of_exchange = flow === "token_exchange" ? { subject_token_type, requested_token_type } : {};
  for (const [name, value] of Object.entries({ scope, audience, ...of_exchange })) {
    if (value !== undefined) parameters.set(name, value);
  }
  if (traded_in === undefined || token === undefined) {
    return await genericGrantRequest(configuration, grant_type, parameters);
  }
  parameters.set(traded_in, token);
  try {
    return await genericGrantRequest(configuration, grant_type, parameters);
  } catch (error) {
    throw notTaken(error, client, traded_in, token) ?? error;
  }
}

function notTaken(
  cause: unknown,
  { profile, redactor }: Client,
  key: string,
  token: string,
): OidcTokenError | undefined {
  const refusal = refusalIn(cause);
  if (refusal?.error === undefined || !NOT_TAKEN.includes(refusal.error)) return undefined;
  if (refusal.error === "invalid_request" && profile.client_id === undefined) return undefined;
  return new OidcTokenError(
    "refused",
    `the provider does not take the ${key} of profile ${profile.name}: ${wording(refusal, redactor)}`,
    `make the provider trust it${redactor.clean(description(token))}`,
    { cause },
  );
}

/** What a JWT says of itself. Not verified: it is shown, and only to the one who has it. */
function description(token: string): string {
  const claims = claimsOf(token);
  if (!claims) return " (it is no JWT that could be read here)";
  const { iss, aud, sub, exp } = claims;
  const said = Object.entries({ iss, aud, sub }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${[value].flat().join(" ")}`],
  );
  const over = typeof exp === "number" && exp * 1000 < Date.now() ? "; it has expired" : "";
  return `: ${said.join(", ")}${over}`;
}
