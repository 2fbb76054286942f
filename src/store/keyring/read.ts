import type { Environment } from "../../paths.js";
import { callNative, SERVICE, splitEntries } from "./native.js";
import { readSecret } from "./secret-service.js";
import { keyringError } from "./trouble.js";

/** Milliseconds the bus and the Secret Service have to answer. */
export const DEADLINE = 5_000;

export interface KeyringPlace {
  readonly platform: NodeJS.Platform;
  /** The environment of this process: the native library reads the real one. */
  readonly env: Environment;
}

/** What marks this program's item of an account. */
export function attributesOf(account: string): { service: string; username: string } {
  return { service: SERVICE, username: account };
}

/**
 * What Secret Service, Keychain or Credential Manager hold for an account; asks nobody. `deadline`: milliseconds the
 * keyring has to answer at all. Throws KeyringUnusable where it cannot be read.
 */
export async function readKeyring(
  { platform, env }: KeyringPlace,
  account: string,
  deadline: number = DEADLINE,
): Promise<string | undefined> {
  if (platform === "linux") {
    const { state, secret } = await readSecret(env, attributesOf(account), deadline);
    if (state === "ready") return secret;
    if (state !== "unchecked") throw keyringError(state);
  }
  if (platform === "win32") return splitEntries().get(account);
  return (await callNative(account, (entry) => entry.getPassword())) ?? undefined;
}
