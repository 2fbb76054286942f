import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { given } from "../../given.js";
import { modelsUrl, requestModels } from "../../http/models-request.js";
import { nameOf, serverTrouble } from "../../http/trouble.js";
import type { Profile } from "../../profile.js";
import { jsonIn } from "../../text.js";

/** A model as OpenCode's configuration knows it; more keys may come from the profile's `models`. */
export interface Model {
  readonly id: string;
  readonly name?: string;
  /** Tokens. */
  readonly limit?: { readonly context: number; readonly output: number };
}

/** The server answered 401: the token may have been revoked early. */
export const REFUSED = Symbol("refused");

/**
 * `GET {base_url}/models`, in the form of OpenAI's API that most gateways speak: `{"data":[{"id":…}]}`. A bare list
 * and `{"models":[…]}` are understood too. A profile always allows the origin of its own `base_url`.
 *
 * @throws OidcTokenError `temporary` (network, 5xx, 429), `refused` (403), `configuration` (no such list there)
 */
export async function askForModels(
  context: Pick<Context, "fetch" | "log" | "interrupted">,
  profile: Profile,
  base_url: string,
  token: string,
): Promise<readonly Model[] | typeof REFUSED> {
  const { response, text = "" } = await requestModels(context, profile, base_url, token);
  const url = modelsUrl(base_url);
  if (response.status === 401) return REFUSED;
  if (response.status !== 200) throw serverTrouble(nameOf(url), response) ?? refusal(url, response.status);
  return modelsIn(text, url);
}

function refusal(url: URL, status: number): OidcTokenError {
  if (status === 403) {
    return new OidcTokenError(
      "refused",
      `${url.host} does not let this user see its models`,
      "ask whoever runs the service for access, or check the profile's scope",
    );
  }
  return new OidcTokenError(
    "configuration",
    `${url.host} has no list of models at ${url.pathname} (answer ${status})`,
    'correct base_url, or name the models under "models" in the profile',
  );
}

function modelsIn(text: string, url: URL): Model[] {
  const found = listIn(text)?.flatMap((entry) => {
    const { id, name, display_name } = (entry ?? {}) as Record<string, unknown>;
    if (typeof id !== "string" || id === "") return [];
    const shown = [display_name, name].find((text) => typeof text === "string" && text !== "");
    return [{ id, ...given({ name: shown as string | undefined }) }];
  });
  if (found) return found;
  throw new OidcTokenError(
    "configuration",
    `what ${url.host} answers at ${url.pathname} is not a list of models`,
    'correct base_url, or name the models under "models" in the profile',
  );
}

function listIn(text: string): unknown[] | undefined {
  const answer = jsonIn(text);
  const { data, models } = (answer ?? {}) as Record<string, unknown>;
  return [answer, data, models].find((candidate) => Array.isArray(candidate)) as unknown[] | undefined;
}
