import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Finding } from "../../src/commands/doctor/engine.js";
import { type Outcome, PROGRAM, type RunOptions, Sandbox } from "../support/command.js";
import { type DescribedApi, startDescribedApi } from "../support/described-api.js";
import { freePort } from "../support/free-port.js";
import { type Gateway, startGateway } from "../support/gateway.js";
import { API, CLIENTS, startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, deviceProfile, signIn } from "../support/signed-in.js";
import { startTlsProvider } from "../support/tls-provider.js";
import { TokenFile } from "../support/token-file.js";

/** What a full disk needs: to be root, with a mount of one's own. */
const mounts =
  spawnSync("unshare", ["-m", "sh", "-c", "mount -t tmpfs none /mnt"], { timeout: 10_000 }).status === 0;
const root = process.getuid?.() === 0;

let provider: TestProvider;
let gateway: Gateway;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startProvider();
  gateway = await startGateway({
    issuer: provider.issuer,
    jwks_uri: `${provider.issuer}/jwks`,
    audience: API.resource,
  });
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
});
beforeEach(() => {
  sandbox = new Sandbox();
  mkdirSync(own());
  symlinkSync(PROGRAM, join(own(), "oidc-token"));
});
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  sandbox.dispose();
  for (const end of ends.splice(0)) await end();
});

const own = () => join(sandbox.home, "bin");
const path = () => [own(), process.env.PATH].join(delimiter);
const dev = (profile: object, more: object = {}) =>
  sandbox.configure({ profiles: { dev: profile }, ...more });

async function examined(options: RunOptions = {}, args: readonly string[] = []): Promise<Outcome> {
  return await sandbox.run(["doctor", ...args], {
    limit: 60_000,
    ...options,
    // The machine may have oidc-agent's command of the same name.
    env: { PATH: options.through ? path() : own(), ...options.env },
  });
}

/** The findings, after the rules that hold for every run. */
async function findings(options: RunOptions = {}): Promise<readonly Finding[]> {
  const outcome = await examined(options, ["--json"]);
  const rows = JSON.parse(outcome.stdout) as Finding[];
  const has_failed = rows.some(({ result }) => result === "fail");
  expect(outcome.code === 0, outcome.stdout).toBe(!has_failed);
  expect(outcome.stderr).toMatch(has_failed ? /^oidc-token: .+\noidc-token: hint: .+\n$/ : /^$/);
  expect(outcome.code).not.toBe(1);
  for (const { result, hint } of rows) expect(["warn", "fail"].includes(result)).toBe(hint !== undefined);
  return rows;
}

const bad = (rows: readonly Finding[]) => rows.filter(({ result }) => result === "warn" || result === "fail");

describe("doctor where all is well", () => {
  it("passes every check, ends no session and says so in one sentence", async () => {
    dev(browserProfile(provider, { flow: ["authorization_code", "device_code"], base_url: gateway.url }));
    expect(await signIn(sandbox, ["--flow", "authorization_code"])).toMatchObject({ code: 0 });
    const granted = provider.counts["granted refresh_token"] ?? 0;
    const outcome = await examined();
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).not.toMatch(/^ {2}(?:warn|fail)/m);
    expect(outcome.stdout).toMatch(/\n\nAll is well between here and a token\.\n$/);
    expect(outcome.stdout).toMatch(/ {2}pass {2}API +\S+ takes the token \(401 without it, 200 with it\)\n/);
    expect(provider.counts["granted refresh_token"] ?? 0).toBe(granted);
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
    expect(outcome.stdout).not.toContain("eyJ");
  });

  it("says how long the session is where the provider has told it with its answer", async () => {
    const telling = await startProvider({
      middleware: async (ctx, next) => {
        await next();
        if (ctx.path === "/token" && ctx.status === 200)
          ctx.body = { ...(ctx.body as object), refresh_token_expires_in: 7260 };
      },
    });
    onTestFinished(() => telling.stop());
    dev(browserProfile(telling));
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
    const session = (await findings()).find(({ check }) => check === "session");
    expect(session?.detail).toMatch(/^there is a refresh token, kept in the file store, for 2 h [01] min$/);
  });

  it("--json has one row a check, with the keys of the documentation", async () => {
    dev({ flow: "static_key", key: "{env:K}" });
    const rows = await findings({ env: { K: "sk-12345678" } });
    const machine = ["configuration", "command", "runtime", "folders", "store", "leftovers"];
    const profile = [
      "reach",
      "clock",
      "discovery",
      "client",
      "device flow",
      "browser flow",
      "session",
      "token",
      "API",
    ];
    expect(rows.map(({ check }) => check)).toEqual([...machine, ...profile]);
    for (const row of rows)
      expect(Object.keys(row).sort()).toEqual([
        "check",
        "detail",
        ...("profile" in row ? ["profile"] : []),
        "result",
      ]);
    expect(rows.find(({ check }) => check === "token")).toMatchObject({ result: "pass", profile: "dev" });
  });
});

/** How something is broken, and the one line that says so. */
interface Broken {
  /** Makes it so, and answers with what the command is run with. */
  readonly prepare: () => Promise<RunOptions | undefined> | RunOptions | undefined;
  readonly check: string;
  readonly result: "fail" | "warn";
  readonly detail: RegExp;
  readonly hint: RegExp;
  readonly skip?: boolean;
}

const nothing = undefined;

async function signedIn(change: object = {}): Promise<void> {
  dev(browserProfile(provider, { base_url: gateway.url, ...change }));
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
}

/** An API of its own, which answers every token the same way. */
async function refusingApi(status: number, challenge: string, resource?: string): Promise<DescribedApi> {
  const api = await startDescribedApi("/v1");
  ends.push(api.stop);
  api.challenge = challenge;
  if (status !== 401)
    api.at("/v1", {
      act: (request, response) =>
        response
          .writeHead(request.headers.authorization ? status : 401, { "www-authenticate": challenge })
          .end(),
    });
  if (resource !== undefined)
    api.at("/.well-known/oauth-protected-resource/v1", {
      document: { resource: api.url, authorization_servers: [provider.issuer] },
    });
  return api;
}

async function listening(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  ends.push(() => new Promise((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

async function withClock(seconds: number): Promise<undefined> {
  const shifted = await startProvider({
    middleware: async (ctx, next) => {
      await next();
      ctx.set("date", new Date(Date.now() - seconds * 1000).toUTCString());
    },
  });
  ends.push(shifted.stop);
  dev(browserProfile(shifted));
}

const BROKEN: Readonly<Record<string, Broken>> = {
  "no configuration at all": {
    prepare: () => nothing,
    check: "configuration",
    result: "fail",
    detail: /there is no (?:profile|configuration)/,
    hint: /run: oidc-token init/,
  },
  "a default profile that is not there": {
    prepare: () => void dev(browserProfile(provider), { default_profile: "dew" }) as undefined,
    check: "configuration",
    result: "fail",
    detail: /"default_profile" is "dew"/,
    hint: /did you mean "dev"\?/,
  },
  "a placeholder left in": {
    prepare: () => void dev(browserProfile(provider, { client_id: "<client id>" })) as undefined,
    check: "configuration",
    result: "warn",
    detail: /"client_id" looks as if it still holds a placeholder/,
    hint: /put the real value in its place/,
  },
  "a secret others can read": {
    prepare: () => {
      const secret = join(sandbox.home, "secret");
      writeFileSync(secret, CLIENTS.basic.client_secret, { mode: 0o644 });
      chmodSync(secret, 0o644);
      dev(browserProfile(provider, { ...CLIENTS.basic, client_secret: `{file:${secret}}` }));
      return nothing;
    },
    check: "configuration",
    result: "warn",
    detail: /secret can be read by other users of this machine \(mode 0644\)/,
    hint: /chmod 600/,
  },
  "a configuration that belongs to somebody else": {
    prepare: () => {
      dev(browserProfile(provider));
      chownSync(join(sandbox.configDir, "config.jsonc"), 4242, 4242);
      return nothing;
    },
    check: "configuration",
    result: "fail",
    detail: /config\.jsonc belongs to another user/,
    hint: /\S/,
    skip: !root,
  },
  "oidc-agent's command of the same name first on PATH": {
    prepare: () => {
      dev(browserProfile(provider));
      const agent = join(sandbox.home, "agent");
      mkdirSync(agent);
      copyFileSync("/bin/true", join(agent, "oidc-token"));
      return { env: { PATH: `${agent}${delimiter}${path()}` } };
    },
    check: "command",
    result: "fail",
    detail: /agent\/oidc-token comes first on PATH, and that is oidc-agent's/,
    hint: /put the folder of this oidc-token before \S+agent in PATH/,
  },
  "a data folder of somebody else": {
    prepare: () => {
      dev(browserProfile(provider));
      mkdirSync(join(sandbox.home, "data", "oidc-token"), { recursive: true });
      chownSync(join(sandbox.home, "data", "oidc-token"), 4242, 4242);
      return nothing;
    },
    check: "folders",
    result: "fail",
    detail: /data\/oidc-token, the folder for data, belongs to another user \(uid 4242\)/,
    hint: /chown -R 0 /,
    skip: !root,
  },
  "a full disk": {
    prepare: () => {
      dev(browserProfile(provider));
      const data = join(sandbox.home, "data");
      mkdirSync(data);
      const full = 'mount -t tmpfs -o size=16k,mode=700 none "$0" && exec "$@"';
      return { through: ["unshare", "-m", "sh", "-c", full, data] };
    },
    check: "folders",
    result: "fail",
    detail: /the disk of \S+data, the folder for data, is full/,
    hint: /free some space there/,
    skip: !mounts,
  },
  "sign-ins of profiles that are gone": {
    prepare: async () => {
      await signedIn();
      sandbox.configure({ profiles: { other: browserProfile(provider) } });
      return nothing;
    },
    check: "leftovers",
    result: "warn",
    detail: /of profiles that were changed or removed there is still kept: the sign-in of "dev"/,
    hint: /logout --all/,
  },
  "no keyring where there has to be one": {
    prepare: () => {
      dev(browserProfile(provider));
      return { env: { OIDC_TOKEN_STORE: "keyring" } };
    },
    check: "store",
    result: "fail",
    detail: /there is no D-Bus session bus, and so no keyring/,
    hint: /"store": "file"/,
    skip: process.platform !== "linux",
  },
  "a dead issuer": {
    prepare: async () =>
      void dev(browserProfile({ issuer: `http://127.0.0.1:${await freePort()}` })) as undefined,
    check: "reach",
    result: "fail",
    detail: /refused the connection \(ECONNREFUSED\)/,
    hint: /check that it runs and that host and port are right/,
  },
  "https to a port that speaks plain http": {
    prepare: () =>
      void dev(browserProfile({ issuer: provider.issuer.replace("http:", "https:") })) as undefined,
    check: "reach",
    result: "fail",
    detail: /does not speak TLS on this port/,
    hint: /check host and port in issuer/,
  },
  "an unknown certificate authority": {
    prepare: async () => {
      const tls = await startTlsProvider();
      ends.push(tls.stop);
      dev(browserProfile(tls));
      return nothing;
    },
    check: "reach",
    result: "fail",
    detail: /certificate that is not trusted here, issued by "oidc-token test provider"/,
    hint: /ca_file of the profile.*openssl s_client -showcerts -connect 127\.0\.0\.1:\d+/,
  },
  "a proxy that is down": {
    prepare: async () => {
      dev(browserProfile({ issuer: "https://id.example.test" }));
      return { env: { HTTPS_PROXY: `http://127.0.0.1:${await freePort()}` } };
    },
    check: "reach",
    result: "fail",
    detail: /the proxy 127\.0\.0\.1:\d+ can't be reached/,
    hint: /check the network, and the proxy in the profile or in HTTPS_PROXY/,
  },
  "a provider that never answers": {
    prepare: async () => {
      const port = await listening(createServer(() => {}));
      dev(browserProfile({ issuer: `http://127.0.0.1:${port}` }, { timeout: 1 }));
      return nothing;
    },
    check: "reach",
    result: "fail",
    detail: /did not answer within 1 s/,
    hint: /check the network/,
  },
  "a clock an hour ahead": {
    prepare: () => withClock(3600),
    check: "clock",
    result: "fail",
    detail: /this machine's clock is 1 h 0 min ahead of the provider's/,
    hint: /set it, or switch on its synchronisation/,
  },
  "a clock ten minutes behind": {
    prepare: () => withClock(-600),
    check: "clock",
    result: "fail",
    detail: /this machine's clock is (?:9|10) min behind the provider's/,
    hint: /set it, or switch on its synchronisation/,
  },
  "an issuer with a wrong path": {
    prepare: () => void dev(browserProfile({ issuer: `${provider.issuer}/realms/x` })) as undefined,
    check: "discovery",
    result: "fail",
    detail: /there is no discovery document of \S+\/realms\/x/,
    hint: /check issuer in the profile.*status 404/,
  },
  "a device flow the provider has not": {
    prepare: async () => {
      const plain = await startProvider({
        settings: (settings) => ({
          ...settings,
          clients: (settings.clients ?? []).slice(0, 1).map((client) => ({
            ...client,
            grant_types: ["authorization_code", "refresh_token"],
          })),
          features: { ...settings.features, deviceFlow: { enabled: false } },
        }),
      });
      ends.push(plain.stop);
      dev(deviceProfile(plain));
      return nothing;
    },
    check: "discovery",
    result: "fail",
    detail: /the provider offers no device_code: it names no device_authorization_endpoint/,
    hint: /take device_code out of "flow"; it offers .*authorization_code/,
  },
  "a device flow this client may not use": {
    prepare: async () => {
      const strict = await startProvider({
        settings: (settings) => ({
          ...settings,
          clients: (settings.clients ?? []).map((client) => ({
            ...client,
            grant_types: (client.grant_types ?? []).filter((grant) => !grant.includes("device_code")),
          })),
        }),
      });
      ends.push(strict.stop);
      dev(deviceProfile(strict));
      return nothing;
    },
    check: "device flow",
    result: "fail",
    detail: /does not let client public-cli use this flow|is not allowed/,
    hint: /have the device grant allowed for this client/,
  },
  "a client the provider does not know": {
    prepare: () => void dev(browserProfile(provider, { client_id: "nobody" })) as undefined,
    check: "client",
    result: "fail",
    detail: /the provider does not accept client nobody: invalid_client/,
    hint: /check client_id and client_secret/,
  },
  "a wrong client secret": {
    prepare: () => {
      dev(browserProfile(provider, { ...CLIENTS.basic, client_secret: "{env:S}" }));
      return { env: { S: "wrong-secret" } };
    },
    check: "client",
    result: "fail",
    detail: /the provider does not accept client basic-cli: invalid_client/,
    hint: /check client_id and client_secret/,
  },
  "a redirect address that is not registered": {
    prepare: async () => {
      const redirect_uri = `http://127.0.0.1:${await freePort()}/elsewhere`;
      dev(browserProfile(provider, { redirect_uri }));
      return nothing;
    },
    check: "browser flow",
    result: "fail",
    detail: /the provider does not know the redirect address http:\/\/127\.0\.0\.1:\d+\/elsewhere/,
    hint: /have exactly this address registered/,
  },
  "a redirect port that is taken": {
    prepare: async () => {
      const port = await listening(createServer());
      dev(browserProfile(provider, { redirect_uri: `http://127.0.0.1:${port}/callback` }));
      return nothing;
    },
    check: "browser flow",
    result: "fail",
    detail: /port \d+ on 127\.0\.0\.1 is in use/,
    hint: /end the program that listens on port \d+/,
  },
  "a scope the client may not ask for": {
    prepare: async () => {
      const strict = await startProvider({
        settings: (settings) => ({
          ...settings,
          clients: (settings.clients ?? []).map((client) => ({ ...client, scope: "openid offline_access" })),
        }),
      });
      ends.push(strict.stop);
      dev(browserProfile(strict, { scope: "openid offline_access api:write" }));
      return nothing;
    },
    check: "browser flow",
    result: "fail",
    detail: /the provider's sign-in page refuses: invalid_scope/,
    hint: /check "scope" \(openid offline_access api:write\)/,
  },
  "nobody signed in": {
    prepare: () => void dev(browserProfile(provider)) as undefined,
    check: "session",
    result: "fail",
    detail: /nobody is signed in/,
    hint: /^run: oidc-token login --profile dev$/,
  },
  "a session without a refresh token": {
    prepare: async () => {
      await signedIn();
      new TokenFile(sandbox).change({ refresh_token: undefined });
      return nothing;
    },
    check: "session",
    result: "warn",
    detail: /there is no refresh token/,
    hint: /add offline_access to "scope"/,
  },
  "a session that has ended": {
    prepare: async () => {
      await signedIn();
      const file = new TokenFile(sandbox);
      file.expire();
      file.change({ refresh_token: "one-that-was-revoked" });
      return nothing;
    },
    check: "token",
    result: "fail",
    detail: /the session of profile "dev" has ended: invalid_grant/,
    hint: /run: oidc-token login --profile dev/,
  },
  "an API that wants another scope": {
    prepare: async () => {
      const api = await refusingApi(403, 'Bearer error="insufficient_scope", scope="api:read api:write"');
      await signedIn({ base_url: api.url });
      return nothing;
    },
    check: "API",
    result: "fail",
    detail: /refuses the token \(403, insufficient_scope\): it wants scope api:write, the token has api:read/,
    hint: /add api:write to "scope", then run: oidc-token login --profile dev/,
  },
  "an API that is another audience": {
    prepare: async () => {
      const api = await refusingApi(401, 'Bearer error="invalid_token"', "own");
      await signedIn({ base_url: api.url });
      return nothing;
    },
    check: "API",
    result: "fail",
    detail:
      /refuses the token \(401, invalid_token\): the token is for https:\/\/api\.example\.test, the API is http:\/\/127/,
    hint: /set "resource" to http:\/\/127\.0\.0\.1:\d+\/v1, then run: oidc-token login/,
  },
  "a gateway that checks another audience": {
    prepare: async () => {
      const strict = await startGateway({
        issuer: provider.issuer,
        jwks_uri: `${provider.issuer}/jwks`,
        audience: "https://other.example.test",
      });
      ends.push(strict.stop);
      await signedIn({ base_url: strict.url });
      return nothing;
    },
    check: "API",
    result: "fail",
    detail:
      /refuses the token \(401, invalid_token: token not accepted.*\): the token is for https:\/\/api\.example\.test, from/,
    hint: /ask who runs 127\.0\.0\.1:\d+ what it wants of a token/,
  },
  "an API that is down": {
    prepare: async () =>
      void (await signedIn({ base_url: `http://127.0.0.1:${await freePort()}/v1` })) as undefined,
    check: "API",
    result: "fail",
    detail: /refused the connection/,
    hint: /check that it runs/,
  },
};

describe("doctor says in one line what is wrong, and how to mend it:", () => {
  for (const [name, { prepare, check, result, detail, hint, skip }] of Object.entries(BROKEN)) {
    it.skipIf(skip)(name, async () => {
      const options = await prepare();
      const rows = await findings(options);
      const found = bad(rows).find((row) => row.check === check && detail.test(row.detail));
      expect(found, JSON.stringify(bad(rows), null, 2)).toMatchObject({
        result,
        detail: expect.stringMatching(detail),
        hint: expect.stringMatching(hint),
      });
      // What follows from it is left out, and does not hide the cause.
      expect(bad(rows).filter((row) => row.result === "fail" && row.check !== "session").length).toBeLessThan(
        3,
      );
    });
  }

  it("has at least twenty of them", () => {
    expect(Object.keys(BROKEN).length).toBeGreaterThanOrEqual(20);
  });
});

describe("doctor for somebody else's eyes", () => {
  it("has a block to send to whoever runs the provider, without any secret", async () => {
    const redirect_uri = `http://127.0.0.1:${await freePort()}/elsewhere`;
    dev(browserProfile(provider, { ...CLIENTS.basic, client_secret: "{env:S}", redirect_uri }));
    const { stdout, code } = await examined({ env: { S: CLIENTS.basic.client_secret } });
    expect(code).toBe(7);
    expect(stdout).toMatch(/\nTo send to whoever runs the provider\nPlease set up this OAuth client at http/);
    expect(stdout).toContain(`  Redirect  ${redirect_uri}\n`);
    expect(stdout).toMatch(/ {2}Client id basic-cli\n/);
    expect(stdout).not.toContain(CLIENTS.basic.client_secret);
  });

  it("of several profiles looks at each, or at the one that is named", async () => {
    sandbox.configure({
      default_profile: "a",
      profiles: {
        a: { key: "{env:K}", flow: "static_key" },
        b: browserProfile(provider, { client_id: "nobody" }),
      },
    });
    const env = { K: "sk-12345678" };
    expect(await examined({ env }, ["-p", "a"])).toMatchObject({ code: 0 });
    const both = await examined({ env });
    expect(both.code).toBe(7);
    expect(both.stdout).toMatch(/\nProfile a\n[\s\S]*\nProfile b\n/);
    expect(both.stderr).toMatch(
      /^oidc-token: profile "b": client fails, and \d more: the provider does not accept client nobody/,
    );
  });
});
