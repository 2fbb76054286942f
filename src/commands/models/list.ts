import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import type { Profile } from "../../profile.js";

/** A model as OpenCode's configuration knows it; more keys may come from the profile's `models`. */
export interface Model {
  readonly id: string;
  readonly name?: string;
  /** Tokens. */
  readonly limit?: { readonly context: number; readonly output: number };
}

/** The server answered 401: the token may have been revoked early. */
export const REFUSED = Symbol("refused");

/** Seconds. OpenCode waits for this when it starts. */
const LONGEST = 10;
/** Bytes. */
const LARGEST_ANSWER = 4_194_304;

/**
 * `GET {base_url}/models`, in the form of OpenAI's API that most gateways speak: `{"data":[{"id":…}]}`. A bare list
 * and `{"models":[…]}` are understood too. A profile always allows the origin of its own `base_url`.
 *
 * @throws OidcTokenError `temporary` (network, 5xx, 429), `refused` (403), `configuration` (no such list there)
 */
export async function askForModels(
  context: Pick<Context, "fetch" | "interrupted">,
  profile: Profile,
  base_url: string,
  token: string,
): Promise<readonly Model[] | typeof REFUSED> {
  const url = new URL(`${base_url.replace(/\/+$/, "")}/models`);
  const limit = AbortSignal.timeout(1000 * Math.min(profile.timeout, LONGEST));
  const headers = {
    accept: "application/json",
    [profile.header]: `${profile.header_scheme} ${token}`.trim(),
  };
  const signal = AbortSignal.any([limit, context.interrupted]);
  try {
    const response = await context.fetch(url, { headers, redirect: "manual", signal });
    if (response.status === 401) {
      await response.body?.cancel();
      return REFUSED;
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw refusal(url, response.status);
    }
    return modelsIn(await boundedText(response), url);
  } catch (error) {
    if (error instanceof OidcTokenError) throw error;
    if (context.interrupted.aborted)
      throw new OidcTokenError("interrupted", "interrupted", "run the command again");
    const code = (error as { cause?: { code?: unknown } }).cause?.code;
    const why = limit.aborted
      ? `no answer in ${Math.min(profile.timeout, LONGEST)} s`
      : (code ?? "no connection");
    throw temporary(`${url.host} could not be asked for its models: ${why}`);
  }
}

function refusal(url: URL, status: number): OidcTokenError {
  if (status === 429 || status >= 500) {
    return temporary(`${url.host} answered ${status} when asked for its models`);
  }
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
    return [{ id, ...(shown !== undefined && { name: shown as string }) }];
  });
  if (found) return found;
  throw new OidcTokenError(
    "configuration",
    `what ${url.host} answers at ${url.pathname} is not a list of models`,
    'correct base_url, or name the models under "models" in the profile',
  );
}

function listIn(text: string): unknown[] | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    const { data, models } = (answer ?? {}) as Record<string, unknown>;
    return [answer, data, models].find((candidate) => Array.isArray(candidate)) as unknown[] | undefined;
  } catch {
    return undefined;
  }
}

/** The body, or nothing at all of one that is too large to be a list of models. */
async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) return "";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function temporary(sentence: string): OidcTokenError {
  return new OidcTokenError(
    "temporary",
    sentence,
    "try again in a moment, or check the network and base_url",
  );
}
