import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ProcessLock } from "../../src/store/lock.js";
import { lockFolders } from "../../src/store/lock-folders.js";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { createVisitor } from "../support/person.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, loginEvents, signIn } from "../support/signed-in.js";
import { expectAccepted, storm } from "../support/storm.js";
import { TokenFile } from "../support/token-file.js";

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
beforeEach(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  sandbox.configure({ profiles: { dev: browserProfile(provider, { timeout: 20 }) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
});
afterEach(async () => {
  await provider.stop();
  sandbox.dispose();
});

const granted = (): number => provider.counts["granted refresh_token"] ?? 0;

describe("many processes and one expiry", () => {
  it("20 at once, 3 times: 3 refreshes, nobody fails, every token accepted, session alive", {
    timeout: 60_000,
  }, async () => {
    for (let round = 1; round <= 3; round += 1) {
      file.expire();
      const callers = await storm(sandbox, { processes: 20 });
      expect(callers.filter(({ code }) => code !== 0)).toEqual([]);
      const tokens = new Set(callers.map(({ stdout }) => stdout.trim()));
      expect([...tokens]).toEqual([file.tokens.access_token]);
      await expectAccepted(provider.issuer, tokens);
      expect(granted()).toBe(round);
    }
    expect(provider.counts.refresh_token).toBe(3);
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
  });

  it("the one who refreshes is killed: the others go on within 5 s and nothing is lost", async () => {
    file.expire();
    await provider.fault({ kind: "hang", path: "/token", times: 1 });
    const holder = sandbox.start(["get"], { input: "" });
    await expect.poll(() => provider.counts["/token"] ?? 0, { timeout: 10_000 }).toBe(2);
    const others = Array.from({ length: 4 }, () => sandbox.start(["get"], { input: "" }));
    // Long enough for them to find the lock taken.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(others.every((other) => other.exitCode === null)).toBe(true);
    const killed = performance.now();
    holder.kill("SIGKILL");
    const outcomes = await Promise.all(others.map((other) => other.outcome));
    expect(performance.now() - killed).toBeLessThan(5000);
    expect(new Set(outcomes.map(({ code, stdout }) => `${code} ${stdout}`))).toEqual(
      new Set([`0 ${file.tokens.access_token}\n`]),
    );
    expect(granted()).toBe(1);
  });

  it("a peer that is stopped while it holds the lock: exit 5 in time, and a token that works is still served", async () => {
    sandbox.configure({ profiles: { dev: browserProfile(provider, { timeout: 1 }) } });
    const release = await new ProcessLock(lockFolders(sandbox.env, "")).tryAcquire(file.account);
    expect(release).toBeDefined();
    file.makeRefreshDue();
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0, stdout: `${file.tokens.access_token}\n` });
    file.expire();
    const before = file.text;
    const outcome = await sandbox.run(["get"]);
    expect(expectFailure(outcome, 5).message).toMatch(/another oidc-token has been refreshing this token/);
    // 2 s in the hot path, then twice the timeout and 5 s.
    expect(outcome.took).toBeLessThan(20_000);
    expect(file.text).toBe(before);
    await release?.();
  });
});

describe("login and logout among callers of get", () => {
  it("a login during a refresh: neither fails, and the new session is the one that stays", async () => {
    file.expire();
    const login = sandbox.start(["login", "--json", "--no-browser"], { input: "" });
    let refreshing: ReturnType<Sandbox["start"]> | undefined;
    for await (const event of loginEvents(login)) {
      if (event.event !== "browser") continue;
      await provider.fault({ kind: "slow", ms: 700, path: "/token" });
      refreshing = sandbox.start(["get"], { input: "" });
      await expect.poll(() => provider.counts["/token"] ?? 0, { timeout: 10_000 }).toBe(2);
      await createVisitor().visit(event.url);
    }
    expect(await login.outcome).toMatchObject({ code: 0 });
    expect(await refreshing?.outcome).toMatchObject({ code: 0 });
    await provider.fault(undefined);
    const signedIn = provider.exchanges
      .filter(({ asked }) => asked.grant_type === "authorization_code")
      .at(-1);
    expect(file.tokens.refresh_token).toBe(signedIn?.answered.refresh_token);
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
  });

  it("a logout during a refresh: the tokens never come back, and the new refresh token is revoked too", async () => {
    file.expire();
    await provider.fault({ kind: "slow", ms: 700, path: "/token" });
    const get = sandbox.start(["get"], { input: "" });
    await expect.poll(() => provider.counts["/token"] ?? 0, { timeout: 10_000 }).toBe(2);
    expect(await sandbox.run(["logout"])).toMatchObject({ code: 0 });
    await get.outcome;
    await provider.fault(undefined);
    expect(file.names).toEqual([]);
    expectFailure(await sandbox.run(["get"]), 3);
    const last = provider.exchanges.filter(({ status, path }) => status === 200 && path === "/token").at(-1);
    const answer = await fetch(`${provider.issuer}/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "refresh_token",
        client_id: "public-cli",
        refresh_token: String(last?.answered.refresh_token),
      }),
    });
    expect(await answer.json()).toMatchObject({ error: "invalid_grant" });
  });
});
