import type { Environment } from "../paths.js";
import { isHeld } from "../store/lock.js";
import { lockFolders } from "../store/lock-folders.js";

/** Milliseconds; then the full command waits on, and says for whom. */
const LONGEST = 2000;

/**
 * Waits until no peer is at it any more, with nothing but this loaded: of a hundred callers that find a token expired, only
 * those that come before the lock is taken need the rest of the program. `state` is where logs are kept.
 */
export async function waitForPeer(account: string, env: Environment, state: string): Promise<void> {
  const folders = lockFolders(env, state);
  const end = performance.now() + LONGEST;
  for (
    let pause = 20;
    performance.now() < end && isHeld(folders, account);
    pause = Math.min(pause * 1.3, 100)
  ) {
    // Spread, so that a hundred do not wake at once.
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
  }
}
