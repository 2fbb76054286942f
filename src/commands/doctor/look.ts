import { type Answer, exchange } from "../../http/exchange.js";
import type { Patient } from "./check.js";

/** Bytes of an answer, of which no more is read. */
const LARGEST = 1_048_576;

/** Asks an address with the network settings of the profile; a redirect is not followed. Throws what `exchange` throws. */
export async function look(
  { context, profile, network }: Patient,
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const limits = { seconds: profile.timeout, signal: context.interrupted, largest: LARGEST };
  return await exchange(await network(), url, { headers }, limits);
}
