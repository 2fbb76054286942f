import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND_LINE, Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { createVisitor } from "../support/person.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, loginEvents, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

const run = promisify(execFile);
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  sandbox.configure({ profiles: { dev: browserProfile(provider) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  sandbox.dispose();
  await provider.stop();
});

/** The answers of the first call, which reads everything, and of the second, which takes the hot path. */
async function twice(args: readonly string[]): Promise<string> {
  const first = await sandbox.run(["get", ...args]);
  expect(first).toMatchObject({ code: 0, stderr: "" });
  const second = await sandbox.run(["get", ...args]);
  expect(second).toMatchObject({ code: 0, stderr: "" });
  expect(second.stdout.replace(/"expires_in":\d+/, "")).toBe(first.stdout.replace(/"expires_in":\d+/, ""));
  return second.stdout;
}

async function elsewhere(work: (other: Sandbox) => Promise<void>): Promise<void> {
  const other = new Sandbox();
  try {
    await work(other);
  } finally {
    other.dispose();
  }
}

describe("formats, the first time and from the hot path", () => {
  it("token: bare, with a newline", async () => {
    expect(await twice(["-f", "token"])).toBe(`${file.tokens.access_token}\n`);
  });

  it("json: the names of RFC 6749 and expires_at", async () => {
    const answer = JSON.parse(await twice(["--format", "json"]));
    const { access_token, expires_at = 0 } = file.tokens;
    expect(answer).toMatchObject({ access_token, token_type: "Bearer", expires_at: Math.floor(expires_at) });
    expect(answer).not.toHaveProperty("refresh_token");
  });

  it("env: what a shell evaluates", async () => {
    const script = `eval "$(${COMMAND_LINE} get -f env)" && env | grep eyJ`;
    const { stdout } = await run("sh", ["-c", script], {
      env: sandbox.env,
      cwd: sandbox.home,
      timeout: 10_000,
    });
    expect(stdout.trim()).toMatch(new RegExp(`^[A-Z_]+=${file.tokens.access_token}$`));
    await twice(["-f", "env"]);
  });

  it("exec-credential: what kubectl reads", async () => {
    expect(JSON.parse(await twice(["-f", "exec-credential"]))).toEqual({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: {
        token: file.tokens.access_token,
        expirationTimestamp: new Date(Math.floor(file.tokens.expires_at ?? 0) * 1000)
          .toISOString()
          .replace(".000Z", "Z"),
      },
    });
  });

  it("header: one that curl takes from stdin", async (context) => {
    const header = await twice(["-f", "header"]);
    expect(header).toBe(`Authorization: Bearer ${file.tokens.access_token}\n`);
    const curl = await run("curl", ["--version"], { timeout: 5000 }).catch(() => undefined);
    if (!curl) context.skip("there is no curl here");
    let arrived: string | undefined;
    const server: Server = createServer((request, response) => {
      arrived = request.headers.authorization;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const request = run("curl", ["-sS", "--noproxy", "*", "-m", "5", "-H", "@-", url], { timeout: 10_000 });
      request.child.stdin?.end(header);
      await request;
    } finally {
      server.close();
    }
    expect(arrived).toBe(`Bearer ${file.tokens.access_token}`);
  });
});

describe("--min-validity and --force-refresh", () => {
  it("a token that ends sooner than asked is refreshed, once", async () => {
    const before = provider.counts["granted refresh_token"] ?? 0;
    const now = Date.now() / 1000;
    file.change({ obtained_at: now - 1000, expires_at: now + 600 });
    const { access_token } = file.tokens;
    expect((await sandbox.run(["get", "--min-validity", "500"])).stdout).toBe(`${access_token}\n`);
    expect((await sandbox.run(["get", "--min-validity", "500"])).stdout).toBe(`${access_token}\n`);
    const renewed = await sandbox.run(["get", "--min-validity", "700"]);
    expect(renewed.stdout).not.toBe(`${access_token}\n`);
    expect((await sandbox.run(["get", "--min-validity", "700"])).stdout).toBe(renewed.stdout);
    expect(provider.counts["granted refresh_token"]).toBe(before + 1);
  });

  it("more than the provider ever gives is answered with a new token", async () => {
    const { stdout, code } = await sandbox.run(["get", "--min-validity", "999999"]);
    expect({ stdout, code }).toEqual({ stdout: `${file.tokens.access_token}\n`, code: 0 });
  });

  it("more than a whole life is refreshed for in the second half of it, not on every call", async () => {
    const before = provider.counts["granted refresh_token"] ?? 0;
    const get = async () => (await sandbox.run(["get", "--min-validity", "360"])).stdout.trim();
    const now = Date.now() / 1000;
    file.change({ obtained_at: now - 10, expires_at: now + 290 });
    const { access_token } = file.tokens;
    expect([await get(), await get()]).toEqual([access_token, access_token]);
    file.change({ obtained_at: now - 160, expires_at: now + 140 });
    expect(await get()).not.toBe(access_token);
    expect(provider.counts["granted refresh_token"]).toBe(before + 1);
  });

  it("--force-refresh brings another token each time", async () => {
    const first = await sandbox.run(["get", "--force-refresh"]);
    const second = await sandbox.run(["get", "--force-refresh"]);
    expect(new Set([first.stdout, second.stdout]).size).toBe(2);
  });
});

describe("--url", () => {
  it("an allowed origin gets the token, whatever the path", async () => {
    expect(await twice(["--url", "https://llm.example.test/v1/chat/completions?x=1"])).toMatch(/^eyJ/);
  });

  it.each([
    "https://evil.example/v1",
    "http://llm.example.test/v1",
    "https://llm.example.test:8443/v1",
    "https://llm.example.test.evil.example/",
    "https://llm.example.test@evil.example/",
    "file:///etc/passwd",
    "data:text/plain,x",
  ])("%s: exit 4, also the second time", async (url) => {
    expectFailure(await sandbox.run(["get", "--url", url]), 4);
    expectFailure(await sandbox.run(["get", "--url", url]), 4);
  });

  it("an origin that was allowed a moment ago is refused once the profile no longer allows it", () =>
    elsewhere(async (other) => {
      const { access_token: key } = file.tokens;
      const at = (base_url: string) => ({ profiles: { dev: browserProfile(provider, { base_url }) } });
      other.configure(at("https://one.example/v1"));
      expect(await signIn(other)).toMatchObject({ code: 0 });
      const args = ["get", "--url", "https://one.example/v1"];
      expect(await other.run(args)).toMatchObject({ code: 0 });
      expect(await other.run(args)).toMatchObject({ code: 0 });
      other.configure(at("https://two.example/v1"));
      const { message } = expectFailure(await other.run(args), 4);
      expect(message).not.toContain(key);
    }));
});

describe("--rejected-sha256", () => {
  it("ten callers whose token the same server refused cost one refresh", async () => {
    const before = provider.counts["granted refresh_token"] ?? 0;
    const refused = file.tokens.access_token;
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => sandbox.run(["get", "--rejected-sha256", sha256(refused)])),
    );
    expect(new Set(outcomes.map(({ stdout, code }) => `${code} ${stdout}`))).toEqual(
      new Set([`0 ${file.tokens.access_token}\n`]),
    );
    expect(file.tokens.access_token).not.toBe(refused);
    expect(provider.counts["granted refresh_token"]).toBe(before + 1);
  });

  it("the hash of another token changes nothing, in capitals as well", async () => {
    const { access_token } = file.tokens;
    const outcome = await sandbox.run(["get", "--rejected-sha256", sha256("another").toUpperCase()]);
    expect(outcome).toMatchObject({ code: 0, stdout: `${access_token}\n` });
  });
});

describe("--id-token", () => {
  it("prints the ID token, also the second time, and it is none of the access token", async () => {
    expect(await twice(["--id-token"])).toBe(`${file.tokens.id_token}\n`);
    expect(file.tokens.id_token).not.toBe(file.tokens.access_token);
    expect(await twice([])).toBe(`${file.tokens.access_token}\n`);
  });
});

describe("--interactive", () => {
  it("never: exit 3 at once; always: a sign-in starts without a terminal, and its token is printed alone", () =>
    elsewhere(async (other) => {
      other.configure({ profiles: { dev: browserProfile(provider) } });
      expectFailure(await other.run(["get", "--interactive", "never"]), 3);
      expectFailure(await other.run(["get"]), 3);
      const get = other.start(["get"], { input: "", env: { OIDC_TOKEN_INTERACTIVE: "always" } });
      const url = await new Promise<string>((resolve, reject) => {
        let shown = "";
        get.stderr?.on("data", (chunk) => {
          shown += chunk;
          const [found] = /http:\/\/127\.0\.0\.1:\d+\/auth\?\S+/.exec(shown) ?? [];
          if (found && shown.includes(`${found}\n`)) resolve(found);
        });
        get.once("close", () => reject(new Error(shown)));
      });
      await createVisitor().visit(url);
      const outcome = await get.outcome;
      expect(outcome).toMatchObject({ code: 0, stdout: `${new TokenFile(other).tokens.access_token}\n` });
    }));

  it("two gets that may sign in start one sign-in, and both print its token", () =>
    elsewhere(async (other) => {
      other.configure({ profiles: { dev: browserProfile(provider) } });
      const login = other.start(["login", "--json", "--no-browser"], { input: "" });
      for await (const event of loginEvents(login)) {
        if (event.event !== "browser") continue;
        const waiting = other.start(["get", "--interactive", "always"], { input: "" });
        await new Promise<void>((resolve) => waiting.stderr?.once("data", () => resolve()));
        await createVisitor().visit(event.url);
        const outcome = await waiting.outcome;
        expect(outcome).toMatchObject({ code: 0, stdout: `${new TokenFile(other).tokens.access_token}\n` });
        expect(outcome.stderr).toBe(
          "oidc-token: another sign-in for this profile is under way, waiting for it\n",
        );
      }
      expect(await login.outcome).toMatchObject({ code: 0 });
    }));
});

describe("the profile", () => {
  const keys = { one: "key-number-one", two: "key-number-two", three: "key-number-three" };
  const profiles = Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, { key }]));

  it("is chosen by -p before the variable, before the project's file, before the default", () =>
    elsewhere(async (other) => {
      other.configure({ default_profile: "one", profiles });
      const project = join(other.home, "project", "deep");
      mkdirSync(project, { recursive: true });
      const key = async (args: string[], options = {}) =>
        (await other.run(["get", ...args], options)).stdout.trim();
      expect(await key([])).toBe(keys.one);
      expect(await key([], { cwd: project })).toBe(keys.one);
      writeFileSync(join(other.home, "project", ".oidc-token.jsonc"), '{ "default_profile": "two" }');
      expect(await key([], { cwd: project })).toBe(keys.two);
      const env = { OIDC_TOKEN_PROFILE: "three" };
      expect(await key([], { cwd: project, env })).toBe(keys.three);
      expect(await key(["-p", "one"], { cwd: project, env })).toBe(keys.one);
    }));
});

describe("the hot path notices", () => {
  /** A home with a call behind it that the hot path can answer. */
  const warm = (work: (other: Sandbox, token: string) => Promise<void>) =>
    elsewhere(async (other) => {
      other.configure({ profiles: { dev: browserProfile(provider) } });
      expect(await signIn(other)).toMatchObject({ code: 0 });
      await other.run(["get"]);
      const { stdout } = await other.run(["get"]);
      expect(stdout).toMatch(/^eyJ/);
      await work(other, stdout);
    });

  it("that the configuration has changed, broken or gone", () =>
    warm(async (other) => {
      other.configure({ profiles: { dev: browserProfile(provider, { scope: "openid api:read" }) } });
      expectFailure(await other.run(["get"]), 3);
      other.configure("{ nonsense");
      expectFailure(await other.run(["get"]), 4);
      rmSync(join(other.configDir, "config.jsonc"));
      expectFailure(await other.run(["get"]), 4);
    }));

  it("that a project file has appeared", () =>
    warm(async (other, token) => {
      writeFileSync(join(other.home, ".oidc-token.jsonc"), '{ "default_profile": "prod" }');
      expectFailure(await other.run(["get"]), 4);
      writeFileSync(join(other.home, ".oidc-token.jsonc"), '{ "default_profile": "dev" }');
      expect(await other.run(["get"])).toMatchObject({ code: 0, stdout: token });
    }));

  it("that the environment overrides a key, selects a profile or another file", () =>
    warm(async (other) => {
      expectFailure(await other.run(["get"], { env: { OIDC_TOKEN_CLIENT_ID: "another-client" } }), 3);
      expectFailure(await other.run(["get"], { env: { OIDC_TOKEN_PROFILE: "prod" } }), 4);
      expectFailure(await other.run(["get"], { env: { OIDC_TOKEN_CONFIG: "/nowhere.jsonc" } }), 4);
    }));

  it("that the store was emptied", () =>
    warm(async (other) => {
      rmSync(new TokenFile(other).path);
      expectFailure(await other.run(["get"]), 3);
    }));

  it.each([
    "",
    "{}",
    '{"v":1}',
    "null",
    '{"v":2,"access_token":"x","token_type":"bearer","obtained_at":1}',
    "\u0000\u0000",
  ])("that the record is damaged: %j", (text) =>
    warm(async (other) => {
      new TokenFile(other).text = text;
      expectFailure(await other.run(["get"]), 6);
    }),
  );

  it("that the token has expired, and that its refresh is due", () =>
    warm(async (other, token) => {
      const tokens = new TokenFile(other);
      tokens.makeRefreshDue();
      const renewed = await other.run(["get"]);
      expect(renewed).toMatchObject({ code: 0, stdout: `${tokens.tokens.access_token}\n` });
      expect(renewed.stdout).not.toBe(token);
      tokens.expire();
      expect((await other.run(["get"])).stdout).not.toBe(renewed.stdout);
    }));

  it("that its own cache is damaged, or belongs to somebody who can change it", () =>
    warm(async (other, token) => {
      const cache = join(other.home, "cache", "oidc-token", "get.json");
      for (const text of ["", "{", "[]", "null", '{"calls":null}', '{"version":"0.1.0","calls":{"x":{}}}']) {
        writeFileSync(cache, text);
        expect(await other.run(["get"])).toMatchObject({ code: 0, stdout: token, stderr: "" });
      }
    }));
});
