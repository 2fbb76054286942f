import type { Context } from "../context.js";
import { OidcTokenError } from "../errors.js";

/** Does something while holding a lock, waiting for it at most `timeout` seconds; `what` it guards is for the message. */
export async function holdLock<T>(
  context: Context,
  name: string,
  timeout: number,
  work: () => Promise<T>,
  what = "this token",
): Promise<T> {
  const deadline = context.monotonic() + timeout;
  for (;;) {
    const release = await context.lock.tryAcquire(name);
    if (release) return await work().finally(release);
    if (context.monotonic() >= deadline) {
      throw new OidcTokenError(
        "temporary",
        `another oidc-token has held ${what} for ${timeout} s`,
        "try again; if it stays so, look for a stopped oidc-token process and end it",
      );
    }
    await context.sleep(50, context.interrupted);
  }
}

/** Seconds to wait for a peer: it may need one full request after another. */
export function lockTimeout(timeout: number): number {
  return 2 * timeout + 5;
}
