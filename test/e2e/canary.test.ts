import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Outcome, Sandbox } from "../support/command.js";
import { type Canaries, filesBelow, leaksIn, secretsIn, watchProcesses } from "../support/leak-watch.js";
import { createVisitor } from "../support/person.js";
import { CLIENTS, startProvider, type TestProvider } from "../support/provider.js";
import { FAULTS, type Fault } from "../support/provider-faults.js";
import { browserProfile, deviceProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

const STATIC_KEY = "canary-static-key-5b1f";
const CLIENT_SECRET = CLIENTS.post.client_secret;
const DEBUG = ["--log-level", "debug"];

let provider: TestProvider;
let sandbox: Sandbox;
let outcomes: Outcome[];
let watch: { stop(): string };
beforeEach(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  outcomes = [];
  mkdirSync(join(sandbox.home, "secret"), { mode: 0o700 });
  for (const [name, text] of [
    ["client", CLIENT_SECRET],
    ["key", STATIC_KEY],
  ] as const) {
    writeFileSync(join(sandbox.home, "secret", name), text, { mode: 0o600 });
  }
  watch = watchProcesses(process.pid);
});
afterEach(async () => {
  watch.stop();
  sandbox.dispose();
  await provider.stop();
});

/** Every secret of this test, by the provider's record. */
function canaries(): Canaries {
  return new Map([
    ...secretsIn(provider.exchanges),
    ["client secret", CLIENT_SECRET],
    ["static key", STATIC_KEY],
  ]);
}

/** Runs a command; what it prints is looked at in the end. `answers` holds what its stdout is for. */
async function run(
  args: readonly string[],
  answers: "no secret" | "a token" = "no secret",
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const outcome = await sandbox.run([...args, ...DEBUG], { env });
  outcomes.push(answers === "a token" ? { ...outcome, stdout: "" } : outcome);
  return outcome;
}

/** Looks everywhere. The store and the files that are there to hold a secret may hold one. */
function expectNoLeak(kinds: readonly string[]): void {
  const secrets = canaries();
  const known = new Set([...secrets.keys()].map((name) => name.replace(/ \d+$/, "")));
  for (const kind of kinds)
    expect(known, "a kind of secret that never came up proves nothing").toContain(kind);
  for (const { stdout, stderr } of outcomes) {
    expect(leaksIn(stdout, secrets), stdout).toEqual([]);
    expect(leaksIn(stderr, secrets), stderr).toEqual([]);
  }
  expect(leaksIn(watch.stop(), secrets)).toEqual([]);
  const apart = [join(sandbox.home, "data", "oidc-token", "tokens"), join(sandbox.home, "secret")];
  const files = [...filesBelow(sandbox.home, apart)];
  for (const [path, text] of files) expect(leaksIn(text, secrets), path).toEqual([]);
  expect(files.map(([path]) => path)).toContain(sandbox.logFile);
  expect(statSync(sandbox.logFile).mode & 0o777).toBe(0o600);
  expect(readFileSync(sandbox.logFile, "utf8")).toContain('"level":"');
}

const confidential = {
  client_id: CLIENTS.post.client_id,
  client_secret: "{file:~/secret/client}",
  client_auth: "client_secret_post",
  timeout: 1,
};

describe("no secret is found anywhere but in the store and in the answer of get", () => {
  it("device sign-in, get in every format, refresh, status, logout", async () => {
    sandbox.configure({ profiles: { dev: deviceProfile(provider, { ...confidential, timeout: 10 }) } });
    outcomes.push(await signIn(sandbox, DEBUG));
    for (const format of ["token", "json", "env", "header", "exec-credential"]) {
      expect(await run(["get", "-f", format], "a token")).toMatchObject({ code: 0, stderr: "" });
    }
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0 });
    for (const command of [
      ["refresh"],
      ["status"],
      ["status", "--json"],
      ["profiles", "--json"],
      ["config", "show"],
      ["logout"],
    ]) {
      expect(await run(command)).toMatchObject({ code: 0 });
    }
    expectNoLeak(["device_code", "refresh_token", "access_token", "id_token", "client secret"]);
  });

  it("browser sign-in, with a browser that tells what it was started with", async () => {
    sandbox.configure({ profiles: { dev: browserProfile(provider, { ...confidential, timeout: 10 }) } });
    const started = join(sandbox.home, "browser");
    const browser = join(sandbox.home, "secret", "browser.sh");
    writeFileSync(
      browser,
      `#!/bin/sh\n{ printf '%s\\n' "$@"; tr '\\0' '\\n' </proc/$$/environ; } >"${started}.new"\nmv "${started}.new" "${started}"\n`,
    );
    chmodSync(browser, 0o755);
    const login = sandbox.start(["login", ...DEBUG], { input: "", env: { BROWSER: browser } });
    await expect.poll(() => existsSync(started), { timeout: 10_000, interval: 50 }).toBe(true);
    const [url = ""] = readFileSync(started, "utf8").split("\n");
    expect(url).toContain(`${provider.issuer}/auth?`);
    const { html } = await createVisitor().visit(url);
    const outcome = await login.outcome;
    expect(outcome).toMatchObject({ code: 0, stdout: "" });
    outcomes.push(outcome);
    expect(leaksIn(html, canaries())).toEqual([]);
    expectNoLeak(["code", "code_verifier", "refresh_token", "access_token", "id_token", "client secret"]);
  });

  it("a static key from a file, and one that login keeps", async () => {
    sandbox.configure({
      default_profile: "file",
      profiles: { file: { key: "{file:~/secret/key}" }, kept: { key: "{keyring}" } },
    });
    expect(await run(["get"], "a token")).toMatchObject({ code: 0, stdout: `${STATIC_KEY}\n` });
    const hash = createHash("sha256").update(STATIC_KEY).digest("hex");
    expect(await run(["get", "--rejected-sha256", hash])).toMatchObject({ code: 7 });
    const login = await sandbox.run(["login", "-p", "kept", ...DEBUG], { input: STATIC_KEY });
    outcomes.push(login);
    expect(login).toMatchObject({ code: 0 });
    expect(await run(["get", "-p", "kept"], "a token")).toMatchObject({ stdout: `${STATIC_KEY}\n` });
    const several = await sandbox.run(["login", "-p", "kept", ...DEBUG], {
      input: `${STATIC_KEY} and more\n`,
    });
    outcomes.push(several);
    expect(several).toMatchObject({ code: 2 });
    for (const command of [["status"], ["config", "show"], ["refresh"], ["logout", "-p", "kept"]])
      await run(command);
    expectNoLeak(["static key"]);
  });
});

describe("nor when things go wrong", () => {
  it("any fault of the provider, also one that says every secret back", { timeout: 120_000 }, async () => {
    sandbox.configure({ profiles: { dev: browserProfile(provider, confidential) } });
    outcomes.push(await signIn(sandbox, DEBUG, { env: { OIDC_TOKEN_TIMEOUT: "15" } }));
    const file = new TokenFile(sandbox);
    const alive = file.text;
    const { access_token, refresh_token, id_token } = file.tokens;
    const said = [access_token, refresh_token, id_token, CLIENT_SECRET].join(" ");
    const json = { "content-type": "application/json" };
    const echo = (status: number, error: string): Fault => ({
      kind: "answer",
      status,
      body: JSON.stringify({ error, error_description: `no: ${said}`, error_uri: said }),
      headers: { ...json, "www-authenticate": `Basic realm="${CLIENT_SECRET}"`, "retry-after": "5" },
    });
    const faults: [Fault, number][] = [
      [FAULTS.refuse, 5],
      [FAULTS.reset, 5],
      [FAULTS.hang, 5],
      [FAULTS["503"], 5],
      [echo(503, "server_error"), 5],
      [echo(429, "slow_down"), 5],
      [echo(400, `${file.tokens.refresh_token}`), 7],
      [echo(401, "invalid_client"), 7],
      [echo(400, "invalid_scope"), 7],
      [echo(400, "invalid_grant"), 3],
      [{ kind: "answer", status: 200, body: said }, 5],
      [
        {
          kind: "answer",
          status: 200,
          body: JSON.stringify({ access_token: { said }, token_type: said }),
          headers: json,
        },
        5,
      ],
      [
        {
          kind: "answer",
          status: 302,
          body: said,
          headers: { location: `https://evil.example/?${encodeURIComponent(said)}` },
        },
        7,
      ],
    ];
    for (const [index, [fault, code]] of faults.entries()) {
      const env = { OIDC_TOKEN_TIMEOUT: fault.kind === "hang" ? "1" : "15" };
      file.text = alive;
      file.expire();
      await provider.fault({ ...fault, ...(fault.kind !== "refuse" && { path: "/token" }) });
      expect(await run(["get"], "no secret", env), `fault ${index}`).toMatchObject({ code, stdout: "" });
      if (fault.kind !== "answer") continue;
      file.text = alive;
      file.makeRefreshDue();
      expect(await run(["get"], "a token", env), `fault ${index}`).toMatchObject({ code: 0 });
    }
    expectNoLeak(["code", "code_verifier", "refresh_token", "access_token", "client secret"]);
  });

  it("a browser sign-in whose code, verifier and secret the provider says back", async () => {
    const profile = { ...confidential, timeout: 10 };
    for (const client_auth of ["client_secret_post", "client_secret_basic"]) {
      sandbox.configure({ profiles: { dev: browserProfile(provider, { ...profile, client_auth }) } });
      await provider.fault({ kind: "echo", status: 400, error: "invalid_grant", path: "/token" });
      outcomes.push(await signIn(sandbox, DEBUG));
      expect(outcomes.at(-1)?.code).toBe(7);
      // The fault answers in the provider's place, so it has no record of them: by their shape, 43 random characters.
      expect(outcomes.at(-1)?.stderr).toContain("[redacted]");
      expect(outcomes.at(-1)?.stderr).not.toMatch(/[\w-]{40,}/);
      expect(readFileSync(sandbox.logFile, "utf8")).not.toMatch(/[\w-]{40,}/);
    }
    expectNoLeak(["client secret"]);
  });

  it("a device sign-in whose polls are answered with the device code, then refused", async () => {
    sandbox.configure({ profiles: { dev: deviceProfile(provider, { ...confidential, timeout: 10 }) } });
    const login = sandbox.start(["login", ...DEBUG], { input: "" });
    await expect.poll(() => provider.exchanges.length, { timeout: 10_000 }).toBe(1);
    const { device_code } = provider.exchanges[0]?.answered ?? {};
    expect(device_code).toMatch(/\S{20}/);
    await provider.fault({ kind: "echo", status: 400, error: "access_denied", path: "/token" });
    const outcome = await login.outcome;
    expect(outcome).toMatchObject({ code: 7, stdout: "" });
    outcomes.push(outcome);
    expectNoLeak(["device_code", "client secret"]);
  });

  it("a damaged store, a configuration with a secret where none belongs, a wrong option", async () => {
    sandbox.configure({ profiles: { dev: browserProfile(provider, { ...confidential, timeout: 10 }) } });
    outcomes.push(await signIn(sandbox, DEBUG));
    const file = new TokenFile(sandbox);
    file.text = file.text.slice(0, -1);
    expect(await run(["get"])).toMatchObject({ code: 6, stdout: "" });
    expect(await run(["status"])).toMatchObject({ code: 6, stdout: "" });
    // In a file of the test's own: what it holds is no leak of the command's.
    const config = join(sandbox.home, "secret", "config.jsonc");
    for (const text of [
      `{ "profiles": { "dev": { "key": 5, "client_secret": ["${CLIENT_SECRET}"] } } }`,
      `{ "profiles": { "dev": { "key": "${STATIC_KEY}" "flow": "static_key" } } }`,
      `{ "profiles": { "dev": { "kee": "${STATIC_KEY}" } } }`,
      `{ "profiles": { "dev": "${STATIC_KEY}" } }`,
    ]) {
      writeFileSync(config, text);
      const outcome = await run(["get", "--config", config]);
      expect(outcome, text).toMatchObject({ code: 4, stdout: "" });
    }
    expectNoLeak(["refresh_token", "access_token", "client secret"]);
  });
});
