import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Outcome, Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { CLIENTS, startProvider, type TestProvider } from "../support/provider.js";
import { FAULTS, type Fault } from "../support/provider-faults.js";
import { startProviderProcess } from "../support/provider-process.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

/** Seconds, as the profile says. */
const TIMEOUT = 1;
/** Milliseconds: the timeout, and what a process takes to start and end on a busy machine. */
const IN_TIME = TIMEOUT * 1000 + 2500;

/** For calls that are to succeed however busy the machine is. */
const PATIENT = { env: { OIDC_TOKEN_TIMEOUT: "15" } };

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  sandbox.configure({ profiles: { dev: browserProfile(provider, { timeout: TIMEOUT }) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  sandbox.dispose();
  await provider.stop();
});
beforeEach(() => provider.fault(undefined));

/** The stored token was handed out although the refresh failed, and that was said in one line. */
function expectServedWithWarning(outcome: Outcome): void {
  expect(outcome).toMatchObject({ code: 0, stdout: `${file.tokens.access_token}\n` });
  expect(outcome.stderr).toMatch(/^oidc-token: could not refresh, handing out the stored token: [^\n]+\n$/);
}

const FAULTY: readonly (readonly [string, Fault, RegExp])[] = [
  ["nobody listens", FAULTS.refuse, /refused the connection \(ECONNREFUSED\)/],
  ["breaks off the connection", FAULTS.reset, /broke off the connection/],
  ["never answers", FAULTS.hang, /did not answer within 1 s/],
  ["answers too late", { kind: "slow", ms: 30_000 }, /did not answer within 1 s/],
  ["503", FAULTS["503"], /is out of order \(503\)/],
  ["429", FAULTS["429"], /takes no more requests for now \(429\)/],
  ["the sign-in page of a hotel", FAULTS.garbage, /something that is not JSON/],
  ["an empty answer", { kind: "answer", status: 200, body: "" }, /something that is not JSON/],
  [
    "JSON that is no answer",
    { kind: "answer", status: 200, body: "{}", headers: { "content-type": "application/json" } },
    /has no access_token that can be used/,
  ],
];

describe.each(FAULTY)("the token endpoint: %s", (_, fault, sentence) => {
  it("an expired token: exit 5 in time, nothing lost, and it works again once the provider does", async () => {
    file.expire();
    const before = file.text;
    await provider.fault({ ...fault, ...(fault.kind !== "refuse" && { path: "/token" }) });
    const outcome = await sandbox.run(["get"]);
    expect(expectFailure(outcome, 5).message).toMatch(sentence);
    expect(outcome.took).toBeLessThan(IN_TIME);
    expect(file.text).toBe(before);
    expect(file.names).toHaveLength(1);
    await provider.fault(undefined);
    expect(await sandbox.run(["get"], PATIENT)).toMatchObject({ code: 0, stderr: "" });
    expect(file.text).not.toBe(before);
  });

  it("a token that still works is handed out, with a warning that its refresh failed", async () => {
    file.makeRefreshDue();
    const before = file.text;
    await provider.fault({ ...fault, ...(fault.kind !== "refuse" && { path: "/token" }) });
    const outcome = await sandbox.run(["get"]);
    expectServedWithWarning(outcome);
    expect(outcome.took).toBeLessThan(IN_TIME);
    expect(file.text).toBe(before);
  });
});

describe("the whole provider is in trouble, its metadata as well", () => {
  it.each(["refuse", "hang", "503", "garbage"] as const)("%s: exit 5 in time", async (name) => {
    const fault = FAULTS[name];
    file.expire();
    const before = file.text;
    await provider.fault(fault);
    const outcome = await sandbox.run(["get"]);
    expectFailure(outcome, 5);
    expect(outcome.took).toBeLessThan(IN_TIME);
    expect(file.text).toBe(before);
  });
});

describe("what is left to do is said", () => {
  it("the provider's own Retry-After", async () => {
    file.expire();
    await provider.fault(FAULTS["429"]);
    expect(expectFailure(await sandbox.run(["get"]), 5).hint).toBe("try again in 7 s");
  });

  it("a provider that is slow, but not too slow, is waited for", async () => {
    file.expire();
    await provider.fault({ kind: "slow", ms: 300, path: "/token" });
    expect(await sandbox.run(["get"], PATIENT)).toMatchObject({ code: 0, stderr: "" });
  });

  it("one that fails once and then works costs one more call", async () => {
    file.expire();
    await provider.fault({ ...FAULTS["503"], times: 1 });
    expectFailure(await sandbox.run(["get"]), 5);
    expect(await sandbox.run(["get"], PATIENT)).toMatchObject({ code: 0 });
  });

  it("--min-validity beyond what the stored token has left: it is not handed out", async () => {
    file.makeRefreshDue();
    await provider.fault(FAULTS["503"]);
    expectFailure(await sandbox.run(["get", "--min-validity", "900"]), 5);
  });

  it("logout works all the same, and says that nothing was revoked", async () => {
    const other = new Sandbox();
    try {
      other.configure({ profiles: { dev: browserProfile(provider, { timeout: TIMEOUT }) } });
      expect(await signIn(other)).toMatchObject({ code: 0 });
      await provider.fault(FAULTS.hang);
      const outcome = await other.run(["logout"]);
      expect(outcome).toMatchObject({ code: 0, stdout: "" });
      expect(outcome.stderr).toMatch(
        /could not revoke at the provider: [^\n]+\noidc-token: signed out of dev\n$/,
      );
      expect(outcome.took).toBeLessThan(IN_TIME);
      expect(new TokenFile(other).names).toEqual([]);
    } finally {
      other.dispose();
    }
  });
});

describe("the provider says no", () => {
  it("invalid_grant: exit 3, and only the refresh token is forgotten", async () => {
    const { tokens } = file;
    const alive = file.text;
    file.expire();
    file.change({ refresh_token: "one-the-provider-never-gave" });
    const { refresh_token: _, ...rest } = file.tokens;
    expectFailure(await sandbox.run(["get"], PATIENT), 3);
    expect(file.tokens).toEqual(rest);
    expect(rest.access_token).toBe(tokens.access_token);
    file.text = alive;
  });

  it("invalid_grant while the token still works: it is handed out, and the end of the session is said", async () => {
    const alive = file.text;
    file.makeRefreshDue();
    file.change({ refresh_token: "one-the-provider-never-gave" });
    const outcome = await sandbox.run(["get"]);
    expect(outcome).toMatchObject({ code: 0, stdout: `${file.tokens.access_token}\n` });
    expect(outcome.stderr).toMatch(
      /^oidc-token: the stored token still works, but the session has ended: [^\n]+\n$/,
    );
    expect(file.tokens.refresh_token).toBeUndefined();
    // Said once: without a refresh token there is nothing left to try.
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0, stderr: "" });
    file.text = alive;
  });

  it("invalid_client: exit 7, and the session is kept", async () => {
    const other = new Sandbox();
    try {
      const { client_id, client_secret } = CLIENTS.post;
      const profile = { client_id, client_secret, client_auth: "client_secret_post" };
      other.configure({ profiles: { dev: browserProfile(provider, profile) } });
      expect(await signIn(other)).toMatchObject({ code: 0 });
      const tokens = new TokenFile(other);
      tokens.expire();
      const before = tokens.text;
      other.configure({
        profiles: { dev: browserProfile(provider, { ...profile, client_secret: "mistyped" }) },
      });
      const { message } = expectFailure(await other.run(["get"]), 7);
      expect(message).toContain("invalid_client");
      expect(tokens.text).toBe(before);
      other.configure({ profiles: { dev: browserProfile(provider, profile) } });
      expect(await other.run(["get"])).toMatchObject({ code: 0, stderr: "" });
    } finally {
      other.dispose();
    }
  });
});

describe("the provider has done its work and the answer is lost", () => {
  it("exit 5 and nothing changed here; a provider that detects reuse then ends the session, which is said", async () => {
    file.expire();
    const before = file.text;
    await provider.fault(FAULTS.lost);
    expectFailure(await sandbox.run(["get"]), 5);
    expect(file.text).toBe(before);
    await provider.fault(undefined);
    expectFailure(await sandbox.run(["get"], PATIENT), 3);
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  });
});

describe("the provider's process is stopped (SIGSTOP)", () => {
  it("exit 5 in time, a token that works still served, and after SIGCONT all is as before", async () => {
    // Where a refresh token works once, the request that lay waiting here would have spent it, and nobody could know.
    const frozen = await startProviderProcess({ rotates: false });
    const other = new Sandbox();
    try {
      other.configure({ profiles: { dev: browserProfile(frozen, { timeout: TIMEOUT }) } });
      expect(await signIn(other)).toMatchObject({ code: 0 });
      const tokens = new TokenFile(other);
      const { access_token } = tokens.tokens;
      tokens.expire();
      const before = tokens.text;
      // Asked for its document first, so that no refresh token waits in its socket to be spent when it goes on: then the
      // answer would be lost on the wire, as above.
      rmSync(join(other.home, "cache"), { recursive: true, force: true });
      frozen.freeze();
      const outcome = await other.run(["get"]);
      expect(expectFailure(outcome, 5).message).toContain("did not answer within 1 s");
      expect(outcome.took).toBeLessThan(IN_TIME);
      expect(tokens.text).toBe(before);
      tokens.makeRefreshDue();
      expect(await other.run(["get"])).toMatchObject({ code: 0, stdout: `${access_token}\n` });
      frozen.thaw();
      tokens.text = before;
      expect(await other.run(["get"], PATIENT)).toMatchObject({ code: 0, stderr: "" });
    } finally {
      await frozen.stop();
      other.dispose();
    }
  });
});
