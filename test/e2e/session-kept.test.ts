import { rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { CLIENTS, type ProviderOptions, startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

interface Place {
  readonly provider: TestProvider;
  readonly sandbox: Sandbox;
  readonly stored: TokenFile;
}

/** Somebody who is signed in, at a provider of their own. */
async function signedIn(work: (place: Place) => Promise<void>, profile = {}, options: ProviderOptions = {}) {
  const provider = await startProvider(options);
  const sandbox = new Sandbox();
  try {
    sandbox.configure({ profiles: { dev: browserProfile(provider, profile) } });
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
    await work({ provider, sandbox, stored: new TokenFile(sandbox) });
  } finally {
    sandbox.dispose();
    await provider.stop();
  }
}

/** Whether the provider still honours a refresh token. Asks once: a rotated one ends its session. */
async function isAlive({ issuer }: TestProvider, refresh_token: string | undefined): Promise<boolean> {
  const grant = { grant_type: "refresh_token", refresh_token: refresh_token ?? "" };
  const body = new URLSearchParams({ ...grant, client_id: CLIENTS.public.client_id });
  const answer = await fetch(`${issuer}/token`, {
    method: "POST",
    body,
    signal: AbortSignal.timeout(10_000),
  });
  await answer.body?.cancel();
  return answer.ok;
}

const until = async (condition: () => boolean): Promise<void> => {
  for (let waited = 0; !condition() && waited < 5000; waited += 20) await delay(20);
};

describe.concurrent("a session is not lost", () => {
  it("where the process is stopped while the answer is on its way, and goes on after its time-out", async () => {
    await signedIn(
      async ({ provider, sandbox, stored }) => {
        stored.expire();
        await provider.fault({ kind: "slow", ms: 500, path: "/token" });
        const asked = provider.counts["/token"] ?? 0;
        const get = sandbox.start(["get"], { input: "" });
        await until(() => (provider.counts["/token"] ?? 0) > asked);
        get.kill("SIGSTOP");
        await delay(3300);
        get.kill("SIGCONT");
        expect(await get.outcome).toMatchObject({ code: 0, stderr: "" });
        expect(await isAlive(provider, stored.tokens.refresh_token)).toBe(true);
      },
      { timeout: 1 },
    );
  });

  it("by Ctrl-C seconds before the provider's answer: it is waited for, and that is said", async () => {
    await signedIn(async ({ provider, sandbox, stored }) => {
      stored.expire();
      const spent = stored.tokens.refresh_token;
      // The provider has done its work, and its answer takes a while.
      await provider.fault({ kind: "slow", ms: 2500, path: "/token" });
      const asked = provider.counts["/token"] ?? 0;
      const get = sandbox.start(["get"], { input: "" });
      await until(() => (provider.counts["/token"] ?? 0) > asked);
      get.kill("SIGINT");
      const outcome = await get.outcome;
      expect(outcome).toMatchObject({ code: 130, stdout: "" });
      expect(outcome.stderr).toBe(
        "oidc-token: waiting for the provider's answer, so that the session is not lost\n" +
          "oidc-token: interrupted\noidc-token: hint: nothing was lost; run the command again\n",
      );
      expect(stored.tokens.refresh_token).not.toBe(spent);
      await provider.fault(undefined);
      expect(await isAlive(provider, stored.tokens.refresh_token)).toBe(true);
    });
  });

  it("with an ID token that a clock an hour off refuses: the next refresh works once the clock is right", async () => {
    let wrong = false;
    const middleware: ProviderOptions["middleware"] = async (ctx, next) => {
      await next();
      const body = ctx.body as { id_token?: string };
      if (!wrong || ctx.path !== "/token" || body.id_token === undefined) return;
      const [header, , signature] = body.id_token.split(".");
      const claims = { ...decodeJwt(body.id_token), exp: Math.floor(Date.now() / 1000) - 3600 };
      const moved = Buffer.from(JSON.stringify(claims)).toString("base64url");
      ctx.body = { ...body, id_token: `${header}.${moved}.${signature}` };
    };
    await signedIn(
      async ({ sandbox, stored }) => {
        stored.expire();
        stored.change({ refresh_expires_at: Math.floor(Date.now() / 1000) + 600 });
        const spent = stored.tokens.refresh_token;
        wrong = true;
        expectFailure(await sandbox.run(["get"]), 7);
        expect(stored.tokens.refresh_token).not.toBe(spent);
        // Of the one that is spent.
        expect(stored.tokens).not.toHaveProperty("refresh_expires_at");
        wrong = false;
        expect(await sandbox.run(["get"])).toMatchObject({ code: 0, stderr: "" });
      },
      {},
      { middleware },
    );
  });
});

describe.concurrent("no session stays alive that nobody here knows of:", () => {
  it("signing in again ends the one it replaces", async () => {
    await signedIn(async ({ provider, sandbox, stored }) => {
      const { refresh_token: replaced } = stored.tokens;
      expect(await signIn(sandbox)).toMatchObject({ code: 0 });
      expect(await isAlive(provider, replaced)).toBe(false);
      expect(await isAlive(provider, stored.tokens.refresh_token)).toBe(true);
    });
  });

  it("a sign-in that cannot be kept is ended", async () => {
    await signedIn(async ({ provider, sandbox, stored }) => {
      const folder = dirname(stored.path);
      // A file in the place of the folder: nothing can be kept, whoever runs this.
      rmSync(folder, { recursive: true });
      writeFileSync(folder, "");
      expect(await signIn(sandbox)).toMatchObject({ code: 6 });
      const last = provider.exchanges
        .filter(({ path, status }) => path === "/token" && status === 200)
        .at(-1);
      expect(await isAlive(provider, last?.answered.refresh_token as string)).toBe(false);
    });
  });
});
