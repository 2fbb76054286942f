import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { randomNumbers } from "../support/fuzz.js";
import { type ProviderProcess, startProviderProcess } from "../support/provider-process.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { type Caller, expectAccepted, lostAnswers, storm } from "../support/storm.js";
import { TokenFile } from "../support/token-file.js";

/** OIDC_TOKEN_TEST_PROCESSES for fewer at a time. */
const PROCESSES = Number(process.env.OIDC_TOKEN_TEST_PROCESSES ?? 100);
const EXPIRIES = 20;
/** Of each round; OIDC_TOKEN_TEST_KILLS for a longer run. */
const KILLED = Number(process.env.OIDC_TOKEN_TEST_KILLS ?? 10);
/** Any will do; a failure names it so that it can be had again. */
const SEED = 20_260;
/** Milliseconds for one storm on two slow cores that others use as well. */
const LIMIT = 1_800_000;

let provider: ProviderProcess;
let sandbox: Sandbox;
let file: TokenFile;
beforeEach(async () => {
  provider = await startProviderProcess();
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  // A hundred processes on two cores make every one of them slow, the provider as well: that is not what is tested.
  sandbox.configure({ profiles: { dev: browserProfile(provider, { timeout: 120 }) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
});
afterEach(async () => {
  await provider.stop();
  sandbox.dispose();
});

const tokensOf = (callers: readonly Caller[]): Set<string> =>
  new Set(callers.filter(({ code }) => code === 0).map(({ stdout }) => stdout.trim()));

const failed = (callers: readonly Caller[]): Caller[] =>
  callers.filter(({ code, killed_at }) => code !== 0 && killed_at === undefined);

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

describe(`${PROCESSES} processes at once ask for a token that has expired, ${EXPIRIES} times`, () => {
  it("one refresh each time, no failed get, every printed token accepted, session alive", {
    timeout: LIMIT,
  }, async () => {
    const slowest: number[] = [];
    for (let round = 1; round <= EXPIRIES; round += 1) {
      file.expire();
      const old = file.tokens.access_token;
      const callers = await storm(sandbox, { processes: PROCESSES });
      expect(failed(callers)).toEqual([]);
      const tokens = tokensOf(callers);
      expect([...tokens]).toEqual([file.tokens.access_token]);
      expect(tokens).not.toContain(old);
      await expectAccepted(provider.issuer, tokens);
      expect((await provider.counts())["granted refresh_token"]).toBe(round);
      slowest.push(Math.max(...callers.map(({ took }) => took)));
    }
    expect((await provider.counts()).refresh_token).toBe(EXPIRIES);
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
    console.info(`slowest get of each round, ms: ${slowest.map(Math.round).join(" ")}`);
  });

  it(`${KILLED} of them are killed at random moments: the store stays whole, and a session ends only with an answer that nobody was left to store`, {
    timeout: LIMIT,
  }, async () => {
    const random = randomNumbers(SEED);
    const report = { killed: 0, refreshes: 0, lost: 0 };
    let length = 3000;
    for (let round = 1; round <= EXPIRIES; round += 1) {
      file.expire();
      const kills = new Map<number, number>();
      while (kills.size < KILLED) kills.set(Math.floor(random() * PROCESSES), random() * length);
      const seen = (await provider.exchanges()).length;
      const begun = Date.now();
      const callers = await storm(sandbox, { processes: PROCESSES, kills });
      const exchanges = (await provider.exchanges()).slice(seen);
      const lost = lostAnswers(exchanges);
      const died = callers.flatMap(({ killed_at }) => (killed_at === undefined ? [] : [begun + killed_at]));
      const why = `seed ${SEED}, round ${round}, lost ${lost.length}`;

      // A readable record, and no more than one: half a write is never seen.
      expect(file.tokens, why).toMatchObject({ access_token: expect.stringMatching(/^eyJ/) });
      await expectAccepted(provider.issuer, tokensOf(callers));
      if (lost.length === 0) {
        expect(failed(callers), why).toEqual([]);
        // One that was killed before its request got an answer leaves the refresh to the next.
        expect(
          exchanges.filter(({ status }) => status === 200),
          why,
        ).toHaveLength(1);
      } else {
        // Between the answer and the next use of the old refresh token somebody was killed: the one who had the answer.
        for (const { granted, reused } of lost) {
          expect(
            died.some((at) => at >= granted.at - 1000 && at <= reused.at + 1000),
            why,
          ).toBe(true);
        }
        for (const { code } of failed(callers)) expect(code, why).toBe(3);
        expect(await signIn(sandbox), why).toMatchObject({ code: 0 });
      }
      report.killed += died.length;
      report.refreshes += exchanges.filter(({ asked }) => asked.grant_type === "refresh_token").length;
      report.lost += lost.length;
      // So that nearly all of those to be killed are still at work then.
      length = median(callers.map(({ took }) => took)) / 2;
    }
    expect(report.killed).toBeGreaterThan(EXPIRIES);
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
    console.info(JSON.stringify(report));
  });
});
