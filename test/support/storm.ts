import { setTimeout as delay } from "node:timers/promises";
import { createRemoteJWKSet, jwtVerify } from "jose";
import type { Outcome, Sandbox } from "./command.js";
import { API, type Exchange } from "./provider.js";

/** A `get` of a storm: how it ended, and the milliseconds after the start of the round at which it was killed. */
export interface Caller extends Outcome {
  readonly killed_at?: number;
}

export interface StormOptions {
  readonly processes: number;
  /** Milliseconds after the start of the round at which SIGKILL hits the process of that index. */
  readonly kills?: ReadonlyMap<number, number>;
}

/** Milliseconds any one process of a storm may take, on a machine that has two slow cores for all of them. */
const LIMIT = 120_000;

/** Starts so many `get` at once and waits for them all. */
export async function storm(sandbox: Sandbox, { processes, kills }: StormOptions): Promise<Caller[]> {
  const begun = performance.now();
  return await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const child = sandbox.start(["get"], { input: "", limit: LIMIT });
      const at = kills?.get(index);
      if (at === undefined) return await child.outcome;
      const over = new AbortController();
      const killed_at = delay(at, undefined, { signal: over.signal }).then(
        () => (child.kill("SIGKILL") ? performance.now() - begun : undefined),
        () => undefined,
      );
      const outcome = await child.outcome;
      over.abort();
      const moment = await killed_at;
      return { ...outcome, ...(moment !== undefined && { killed_at: moment }) };
    }),
  );
}

/** Asks the provider's key set whether an API would accept each of these tokens. Rejects if one is not. */
export async function expectAccepted(issuer: string, tokens: Iterable<string>): Promise<void> {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  for (const token of tokens) await jwtVerify(token, keys, { issuer, audience: API.resource });
}

/**
 * The refresh requests whose answer was lost with its receiver: granted, and followed by another request with the same,
 * now used up refresh token. So the new one was never stored.
 */
export function lostAnswers(exchanges: readonly Exchange[]): { granted: Exchange; reused: Exchange }[] {
  const refreshes = exchanges.filter(({ asked }) => asked.grant_type === "refresh_token");
  return refreshes.flatMap((granted, index) => {
    const reused = refreshes
      .slice(index + 1)
      .find(({ asked }) => asked.refresh_token === granted.asked.refresh_token);
    return granted.status === 200 && reused !== undefined ? [{ granted, reused }] : [];
  });
}
