import type { Context } from "../context.js";
import type { Profile } from "../profile.js";
import { exchange } from "./exchange.js";
import { tokenHeader } from "./token-header.js";

/** Seconds. A person waits, or OpenCode when it starts. */
const LONGEST = 10;
/** Bytes. */
const LARGEST_ANSWER = 4_194_304;

/** Where a gateway lists its models. */
export function modelsUrl(base_url: string): URL {
  return new URL(`${base_url.replace(/\/+$/, "")}/models`);
}

/**
 * `GET {base_url}/models` with this token or key. A redirect is not followed. Throws `temporary` or `configuration` where
 * there is no answer, `interrupted` on abort.
 */
export function requestModels(
  context: Pick<Context, "fetch" | "log" | "interrupted">,
  profile: Profile,
  base_url: string,
  token: string,
): ReturnType<typeof exchange> {
  const headers = { accept: "application/json", ...tokenHeader(profile, token) };
  const seconds = Math.min(profile.timeout, LONGEST);
  const limits = { seconds, signal: context.interrupted, largest: LARGEST_ANSWER };
  return exchange(context, modelsUrl(base_url), { headers }, limits);
}

/** The status with which the gateway at `base_url` answers a request for its models that carries this key. Throws as that does. */
export async function tryKey(...asked: Parameters<typeof requestModels>): Promise<number> {
  return (await requestModels(...asked)).response.status;
}
