import type { Context } from "../context.js";
import type { Profile } from "../profile.js";
import { exchange } from "./exchange.js";
import { tokenHeader } from "./token-header.js";

/** Seconds. A person waits, and a key is kept where nobody answers. */
const LONGEST = 10;
/** Bytes. */
const LARGEST_ANSWER = 4_194_304;

/**
 * The status with which the gateway at `base_url` answers a request for its models that carries this key. A redirect is not
 * followed. Throws `temporary` or `configuration` where there is no answer, `interrupted` on abort.
 */
export async function tryKey(
  context: Pick<Context, "fetch" | "log" | "interrupted">,
  profile: Profile,
  base_url: string,
  key: string,
): Promise<number> {
  const url = new URL(`${base_url.replace(/\/+$/, "")}/models`);
  const headers = { accept: "application/json", ...tokenHeader(profile, key) };
  const seconds = Math.min(profile.timeout, LONGEST);
  const limits = { seconds, signal: context.interrupted, largest: LARGEST_ANSWER };
  return (await exchange(context, url, { headers }, limits)).response.status;
}
