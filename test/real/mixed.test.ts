import { expect, it } from "vitest";
import { type Outcome, Sandbox } from "../support/command.js";
import { randomNumbers } from "../support/fuzz.js";
import { CLIENTS, startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";

/** OIDC_TOKEN_TEST_MIXED: seconds, for a long run. */
const SECONDS = Number(process.env.OIDC_TOKEN_TEST_MIXED ?? 12);
const AT_ONCE = 4;
/** Any will do; a failure names it so that it can be had again. */
const SEED = 20_261;
/** Milliseconds for one command on two slow cores that others use as well. */
const LIMIT = 120_000;

/** The refresh tokens that were issued and not traded in for others. */
function lastTokens({ exchanges }: TestProvider): string[] {
  const granted = exchanges.filter(({ path, status }) => path === "/token" && status === 200);
  const spent = new Set(granted.map(({ asked }) => asked.refresh_token));
  return granted.map(({ answered }) => answered.refresh_token as string).filter((token) => !spent.has(token));
}

async function isAlive({ issuer }: TestProvider, refresh_token: string): Promise<boolean> {
  const grant = { grant_type: "refresh_token", refresh_token, client_id: CLIENTS.public.client_id };
  const request = { method: "POST", body: new URLSearchParams(grant), signal: AbortSignal.timeout(10_000) };
  const answer = await fetch(`${issuer}/token`, request);
  await answer.body?.cancel();
  return answer.ok;
}

it(`login, logout, refresh and get, ${AT_ONCE} at a time for ${SECONDS} s (seed ${SEED}): after a last logout no session is alive`, {
  timeout: SECONDS * 1000 + 2 * LIMIT,
}, async () => {
  const provider = await startProvider();
  const sandbox = new Sandbox();
  try {
    sandbox.configure({ profiles: { dev: browserProfile(provider, { timeout: 60 }) } });
    const random = randomNumbers(SEED);
    const outcomes: (Outcome & { readonly command: string })[] = [];
    const end = performance.now() + SECONDS * 1000;
    const worker = async () => {
      while (performance.now() < end) {
        const command = ["login", "login", "logout", "refresh", "get"][Math.floor(random() * 5)] ?? "get";
        const outcome =
          command === "login"
            ? await signIn(sandbox, [], { limit: LIMIT })
            : await sandbox.run([command], { limit: LIMIT });
        outcomes.push({ ...outcome, command });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(await sandbox.run(["logout"], { limit: LIMIT })).toMatchObject({ code: 0 });

    // 3: nobody was signed in just then.
    expect(outcomes.filter(({ code }) => code !== 0 && code !== 3)).toEqual([]);
    const sign_ins = outcomes.filter(({ command, code }) => command === "login" && code === 0);
    expect(sign_ins.length).toBeGreaterThan(2);
    const last = lastTokens(provider);
    expect(last.length).toBeGreaterThan(2);
    const alive = await Promise.all(last.map((token) => isAlive(provider, token)));
    expect(alive.filter(Boolean)).toHaveLength(0);
  } finally {
    sandbox.dispose();
    await provider.stop();
  }
});
