import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { IS_SCRIPT, Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { CLIENTS, startProvider, type TestProvider } from "../support/provider.js";
import { FAULTS } from "../support/provider-faults.js";
import { browserProfile, deviceProfile, loginEvents, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
/** The record of a live session that no test uses up. */
let session: string;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  sandbox.configure({ profiles: { dev: browserProfile(provider, { timeout: 1 }) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  session = file.text;
});
afterAll(async () => {
  sandbox.dispose();
  await provider.stop();
});
beforeEach(async () => {
  await provider.fault(undefined);
  provider.behaviour.person = "agrees";
});

/** A home of its own for a test that writes another configuration, removed when the work is done. */
async function elsewhere(work: (other: Sandbox) => Promise<void>): Promise<void> {
  const other = new Sandbox();
  try {
    await work(other);
  } finally {
    other.dispose();
  }
}

describe("0: done", () => {
  it.each([
    ["get"],
    ["status"],
    ["profiles"],
    ["config", "check"],
    ["--help"],
    ["get", "--help"],
    ["--version"],
  ])("%s %s", async (...args) => {
    expect(await sandbox.run(args.filter((arg) => arg !== undefined))).toMatchObject({ code: 0, stderr: "" });
  });
});

// What breaks it is loaded by NODE_OPTIONS, which the executable does not obey.
describe.skipIf(!IS_SCRIPT)(
  "1: a defect of ours says that it is one, without the text of the error or a stack",
  () => {
    const canary = "canary-in-an-unforeseen-error";

    it.each([
      ["an error", `process.cwd = () => { throw new Error("${canary}"); };`],
      ["an error with a foreign name", `process.cwd = () => { throw new RangeError("${canary}"); };`],
      ["something that is no error", `process.cwd = () => { throw "${canary}"; };`],
      [
        "a promise nobody waits for",
        `import http from "node:http";
         import { EventEmitter } from "node:events";
         http.request = () => {
           Promise.reject(new Error("${canary}"));
           return Object.assign(new EventEmitter(), { end() {} });
         };`,
      ],
    ])("%s", async (_, breakage) => {
      const module = join(sandbox.home, "break.mjs");
      writeFileSync(module, breakage);
      const env = { NODE_OPTIONS: `--import=${pathToFileURL(module).href}`, OIDC_TOKEN_LOG: "debug" };
      const outcome = await sandbox.run(["get", "--force-refresh"], { env });
      const { message, hint } = expectFailure(outcome, 1);
      expect(message).toMatch(/^this is a defect of oidc-token \d+\.\d+\.\d+: /);
      expect(hint).toContain("report");
      expect(outcome.stderr).not.toContain(canary);
      file.text = session;
    });
  },
);

describe("2: wrong usage", () => {
  it.each<[string, string[], Record<string, string>]>([
    ["a command there is not", ["gte"], {}],
    ["an option there is not", ["get", "--fromat", "json"], {}],
    ["an option without its value", ["get", "--format"], {}],
    ["more arguments than it takes", ["get", "dev"], {}],
    ["a format there is not", ["get", "--format", "yaml"], {}],
    ["seconds that are no number", ["get", "--min-validity", "soon"], {}],
    ["seconds below nothing", ["get", "--min-validity", "-5"], {}],
    ["an interactive choice there is not", ["get", "--interactive", "sometimes"], {}],
    ["the same in the variable", ["get"], { OIDC_TOKEN_INTERACTIVE: "sometimes" }],
    ["a hash that is none", ["get", "--rejected-sha256", "abc"], {}],
    ["a URL that is none", ["get", "--url", "llm.example.test"], {}],
    ["a log level there is not", ["status", "--log-level", "loud"], {}],
    ["the same in the variable of the log level", ["status"], { OIDC_TOKEN_LOG: "loud" }],
    ["an empty profile", ["get", "--profile", ""], {}],
    ["an empty file name", ["get", "--config", ""], {}],
    ["a flow there is not", ["login", "--flow", "password"], {}],
    ["a flow that the profile does not use", ["login", "--flow", "device_code"], {}],
    ["a timeout that is no number", ["login", "--timeout", "soon"], {}],
    ["a timeout of no time at all", ["login", "--timeout", "0"], {}],
    ["a new secret for a client that keeps none", ["login", "--new-secret"], {}],
  ])("%s", async (_, args, env) => {
    expectFailure(await sandbox.run(args, { env }), 2);
  });

  it("no command at all: the help goes to stderr", async () => {
    const outcome = await sandbox.run([]);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain("Usage: oidc-token");
  });

  it("names the option or command that was probably meant", async () => {
    expect(expectFailure(await sandbox.run(["gte"]), 2).hint).toContain("get");
    expect(expectFailure(await sandbox.run(["get", "--fromat", "json"]), 2).hint).toContain("--format");
  });

  it("says neither what was written after an unknown option nor what a terminal obeys", async () => {
    const failure = async (...args: string[]) => expectFailure(await sandbox.run(args), 2);
    expect((await failure("login", "--password=hunter2")).message).toBe("unknown option '--password'");
    expect((await failure("get", "--\u001b[31mred")).message).toBe("unknown option '--\\u001b[31mred'");
    expect((await failure("trust", "a", "b")).message).toBe(
      "too many arguments for 'trust': it takes 1, and there are 2",
    );
  });

  it("a secret that is none, and a login or refresh where there is nothing to do", () =>
    elsewhere(async (other) => {
      other.configure({
        default_profile: "own",
        profiles: { own: { key: "{keyring}" }, plain: { key: "k-1234567" } },
      });
      for (const input of ["", " \n", "two words\n", "line\nbreak\n", "non-ascii-ü\n", "x".repeat(70_000)]) {
        expectFailure(await other.run(["login"], { input }), 2);
      }
      expectFailure(await other.run(["login", "-p", "plain"]), 2);
      expectFailure(await other.run(["refresh", "-p", "plain"]), 2);
    }));
});

describe("3: a sign-in is needed, and the exact command is named", () => {
  const login = "run: oidc-token login --profile dev";

  it("never signed in: get, refresh, and get with a key still to be stored", () =>
    elsewhere(async (other) => {
      other.configure({
        default_profile: "dev",
        profiles: { dev: browserProfile(provider), own: { key: "{keyring}" } },
      });
      expect(expectFailure(await other.run(["get"]), 3).hint).toBe(login);
      expect(expectFailure(await other.run(["refresh"]), 3).hint).toBe(login);
      expect(expectFailure(await other.run(["get", "-p", "own"]), 3).hint).toBe(
        "run: oidc-token login --profile own",
      );
    }));

  it("of a file that --config names: with that file, the first time and as it was kept", () =>
    elsewhere(async (other) => {
      const usual = other.configure({ profiles: { dev: browserProfile(provider) } });
      const path = join(other.home, "a folder", "other.jsonc");
      mkdirSync(join(other.home, "a folder"));
      writeFileSync(
        path,
        JSON.stringify({ profiles: { dev: browserProfile(provider, { scope: "openid" }) } }),
      );
      for (const args of [["get"], ["get"], ["refresh"], ["whoami", "-p", "dev"]]) {
        const outcome = await other.run([...args, "--config", "a folder/other.jsonc"]);
        expect(expectFailure(outcome, 3).hint).toBe(`${login} --config "${path}"`);
        expect(expectFailure(await other.run([...args, "--config", usual]), 3).hint).toBe(login);
      }
    }));

  it("the session has ended at the provider", async () => {
    file.text = session;
    file.expire();
    file.change({ refresh_token: "unknown-to-the-provider" });
    const { message, hint } = expectFailure(await sandbox.run(["get"]), 3);
    expect(message).toMatch(/^the session of profile "dev" has ended: invalid_grant/);
    expect(hint).toBe(login);
    file.text = session;
  });

  it("the provider gave no refresh token", async () => {
    file.text = session;
    file.change({ refresh_token: undefined });
    const { message, hint } = expectFailure(await sandbox.run(["refresh"]), 3);
    expect(message).toBe(
      'profile "dev" has no refresh token: its session has ended, or the provider gave none',
    );
    expect(hint).toBe(`${login}; if that changes nothing, add "offline_access" to its scope first`);
    file.expire();
    expectFailure(await sandbox.run(["get"]), 3);
    file.text = session;
  });

  it("nobody finished the sign-in in time", () =>
    elsewhere(async (other) => {
      other.configure({ profiles: { dev: browserProfile(provider) } });
      const web = await other.run(["login", "--no-browser", "--timeout", "1"]);
      expect(expectFailure(web, 3, "more").hint).toMatch(
        /register exactly http:\/\/127\.0\.0\.1:\d+\/callback at the provider; then run: oidc-token login /,
      );
      other.configure({ profiles: { dev: deviceProfile(provider) } });
      expect(expectFailure(await other.run(["login", "--timeout", "2"]), 3, "more").hint).toBe(login);
    }));
});

describe("4: the configuration is missing or wrong", () => {
  it("there is none", () =>
    elsewhere(async (other) => {
      expectFailure(await other.run(["get"]), 4);
      expectFailure(await other.run(["get", "--config", "nowhere.jsonc"]), 4);
      expectFailure(await other.run(["get"], { env: { OIDC_TOKEN_CONFIG: "/nowhere.jsonc" } }), 4);
    }));

  it.each<[string, string | object]>([
    ["no JSON at all", "{ profiles: "],
    ["a key there is not", { profiles: { dev: { isuer: "https://a.example" } } }],
    ["a wrong type", { profiles: { dev: { issuer: 5 } } }],
    [
      "plain http to another machine",
      { profiles: { dev: { issuer: "http://provider.example", client_id: "c" } } },
    ],
    ["no client", { profiles: { dev: { issuer: "https://provider.example" } } }],
    ["a default profile there is not", { default_profile: "prod", profiles: { dev: { key: "k-1234567" } } }],
    ["several profiles and none chosen", { profiles: { a: { key: "k-1234567" }, b: { key: "k-1234567" } } }],
    ["a variable that is not set", { profiles: { dev: { key: "{env:NOT_SET_ANYWHERE}" } } }],
    ["a file that is not there", { profiles: { dev: { key: "{file:~/not-there}" } } }],
  ])("%s", async (_, config) => {
    await elsewhere(async (other) => {
      other.configure(config);
      expectFailure(await other.run(["get"]), 4);
    });
  });

  it("a profile there is not, and the one that was probably meant", async () => {
    const { hint } = expectFailure(await sandbox.run(["get", "-p", "dve"]), 4);
    expect(hint).toBe('did you mean "dev"?');
  });

  it("a URL outside the profile's origins", async () => {
    const { message, hint } = expectFailure(
      await sandbox.run(["get", "--url", "https://evil.example/v1"]),
      4,
    );
    expect(message).toContain("https://evil.example");
    expect(hint).toContain("https://llm.example.test");
  });

  it("a project file that would redirect a token", async () => {
    const project = join(sandbox.home, "repository");
    mkdirSync(project);
    writeFileSync(
      join(project, ".oidc-token.jsonc"),
      '{ "profiles": { "dev": { "issuer": "https://evil.example" } } }',
    );
    expectFailure(await sandbox.run(["get"], { cwd: project }), 4);
  });

  it("an issuer that is another provider, and one without discovery", () =>
    elsewhere(async (other) => {
      // The same server by another name: its document says who it is.
      other.configure({
        profiles: {
          dev: {
            ...CLIENTS.service,
            issuer: `${provider.issuer.replace("127.0.0.1", "localhost")}`,
            flow: "client_credentials",
          },
        },
      });
      expectFailure(await other.run(["get"]), 4);
      other.configure({
        profiles: {
          dev: { ...CLIENTS.service, issuer: `${provider.issuer}/nothing/here`, flow: "client_credentials" },
        },
      });
      expectFailure(await other.run(["get"]), 4);
    }));

  it("an ID token is asked for where there is none", () =>
    elsewhere(async (other) => {
      other.configure({
        profiles: {
          dev: { ...CLIENTS.service, issuer: provider.issuer, flow: "client_credentials", scope: "api:read" },
        },
      });
      const { hint } = expectFailure(await other.run(["get", "--id-token"]), 4);
      expect(hint).toContain("openid");
    }));
});

describe("5: temporary trouble", () => {
  it.each(["refuse", "503", "hang"] as const)("the provider: %s", async (name) => {
    file.text = session;
    file.expire();
    await provider.fault(FAULTS[name]);
    const before = file.text;
    expectFailure(await sandbox.run(["get"]), 5);
    expectFailure(await sandbox.run(["refresh"]), 5);
    expect(file.text).toBe(before);
    file.text = session;
  });

  it("the provider is out of order when somebody signs in", async () => {
    await provider.fault(FAULTS["503"]);
    expectFailure(await sandbox.run(["login", "--no-browser"]), 5);
  });
});

describe("6: the store can't be used", () => {
  const folder = () => join(sandbox.home, "data", "oidc-token", "tokens");

  it("a record that is damaged", async () => {
    file.text = session.slice(0, 40);
    expect(expectFailure(await sandbox.run(["get"]), 6).hint).toContain("oidc-token login --profile dev");
    expectFailure(await sandbox.run(["status"]), 6);
    file.text = session;
  });

  it("a token file that others can read, on the hot path as well", async () => {
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0 });
    chmodSync(file.path, 0o644);
    expectFailure(await sandbox.run(["get"]), 6);
    expectFailure(await sandbox.run(["get", "--format", "json"]), 6);
    chmodSync(file.path, 0o600);
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0 });
  });

  it("a folder that others may write to", async () => {
    chmodSync(folder(), 0o777);
    expectFailure(await sandbox.run(["get"]), 6);
    chmodSync(folder(), 0o700);
  });

  it("a folder that is a link, or no folder", () =>
    elsewhere(async (other) => {
      other.configure({ profiles: { own: { key: "{keyring}" } } });
      const data = join(other.home, "data", "oidc-token");
      mkdirSync(data, { recursive: true });
      symlinkSync(other.home, join(data, "tokens"));
      expectFailure(await other.run(["login"], { input: "a-key-of-mine\n" }), 6);
      rmSync(join(data, "tokens"));
      writeFileSync(join(data, "tokens"), "");
      expectFailure(await other.run(["login"], { input: "a-key-of-mine\n" }), 6);
    }));

  it("a keyring where there is none", async () => {
    const env = { OIDC_TOKEN_STORE: "keyring" };
    expectFailure(await sandbox.run(["login", "--no-browser", "--timeout", "1"], { env }), 3, "more");
    await elsewhere(async (other) => {
      other.configure({ profiles: { own: { key: "{keyring}" } } });
      expectFailure(await other.run(["login"], { env, input: "a-key-of-mine\n" }), 6);
      expectFailure(await other.run(["get"], { env }), 6);
    });
  });
});

describe("7: the provider refused", () => {
  it("a wrong client secret", () =>
    elsewhere(async (other) => {
      for (const [client, client_auth] of [
        [CLIENTS.service, "client_secret_basic"],
        [CLIENTS.post, "client_secret_post"],
      ] as const) {
        const profile = { issuer: provider.issuer, flow: "client_credentials", client_id: client.client_id };
        other.configure({ profiles: { dev: { ...profile, client_auth, client_secret: "wrong-secret" } } });
        const { message } = expectFailure(await other.run(["get"]), 7);
        expect(message).not.toContain("wrong-secret");
      }
    }));

  it("a client it does not know", () =>
    elsewhere(async (other) => {
      other.configure({ profiles: { dev: deviceProfile(provider, { client_id: "stranger" }) } });
      expectFailure(await other.run(["login"]), 7);
    }));

  it("a scope it does not grant", () =>
    elsewhere(async (other) => {
      const service = { ...CLIENTS.service, issuer: provider.issuer, flow: "client_credentials" };
      other.configure({ profiles: { dev: { ...service, scope: "openid" } } });
      expectFailure(await other.run(["get"]), 7);
    }));

  it("the person said no", () =>
    elsewhere(async (other) => {
      provider.behaviour.person = "refuses";
      for (const profile of [browserProfile(provider), deviceProfile(provider)]) {
        other.configure({ profiles: { dev: profile } });
        const outcome = await signIn(other);
        expect(outcome.code).toBe(7);
        const last = JSON.parse(outcome.stdout.trim().split("\n").at(-1) ?? "");
        expect(last).toEqual({
          event: "error",
          code: 7,
          message: expect.any(String),
          hint: expect.any(String),
        });
        expectFailure({ ...outcome, stdout: "" }, 7);
      }
    }));

  it("a server refused the key that the profile names", () =>
    elsewhere(async (other) => {
      other.configure({ profiles: { own: { key: "{env:LLM_API_KEY}" } } });
      const { createHash } = await import("node:crypto");
      const refused = createHash("sha256").update("key-from-env").digest("hex");
      const env = { LLM_API_KEY: "key-from-env" };
      expectFailure(await other.run(["get", "--rejected-sha256", refused], { env }), 7);
    }));
});

describe("130: interrupted", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("%s while the person is to confirm the device", async (signal) => {
    await elsewhere(async (other) => {
      other.configure({ profiles: { dev: deviceProfile(provider) } });
      const login = other.start(["login", "--json"], { input: "" });
      for await (const event of loginEvents(login)) {
        expect(event.event).toBe("device_code");
        break;
      }
      const sent = performance.now();
      login.kill(signal);
      const outcome = await login.outcome;
      expectFailure({ ...outcome, stdout: "" }, 130);
      expect(performance.now() - sent).toBeLessThan(1500);
      expect(readdirSync(other.home)).not.toContain("data");
    });
  });

  it("SIGINT while the browser is to come back", () =>
    elsewhere(async (other) => {
      other.configure({ profiles: { dev: browserProfile(provider) } });
      const login = other.start(["login", "--json", "--no-browser"], { input: "" });
      for await (const event of loginEvents(login)) {
        expect(event.event).toBe("browser");
        break;
      }
      login.kill("SIGINT");
      expectFailure({ ...(await login.outcome), stdout: "" }, 130);
    }));

  it("SIGINT while a key is read from a pipe that stays open", () =>
    elsewhere(async (other) => {
      other.configure({ profiles: { own: { key: "{keyring}" } } });
      const login = other.start(["login"]);
      login.stdin?.write("half-a-key");
      await new Promise((resolve) => setTimeout(resolve, 1000));
      login.kill("SIGINT");
      expectFailure(await login.outcome, 130);
    }));

  it("SIGINT during a refresh that the provider does not answer, whose answer is waited for a while: get and refresh", async () => {
    const commands = ["get", "refresh"];
    const homes = commands.map(() => new Sandbox());
    try {
      const records: TokenFile[] = [];
      for (const home of homes) {
        home.configure({ profiles: { dev: browserProfile(provider, { timeout: 30 }) } });
        expect(await signIn(home)).toMatchObject({ code: 0 });
        records.push(new TokenFile(home));
      }
      for (const record of records) record.expire();
      const before = records.map(({ text }) => text);
      await provider.fault({ ...FAULTS.hang, path: "/token" });
      const asked = provider.counts["/token"] ?? 0;
      const children = homes.map((home, index) => home.start([commands[index] ?? ""], { input: "" }));
      await expect.poll(() => provider.counts["/token"] ?? 0, { timeout: 10_000 }).toBe(asked + 2);
      const sent = performance.now();
      for (const child of children) child.kill("SIGINT");
      for (const child of children) {
        const outcome = await child.outcome;
        expect(expectFailure(outcome, 130, "more").hint).toBe(
          "the provider's answer did not come; if the session has ended, run: oidc-token login --profile dev",
        );
        expect(outcome.stderr).toContain(
          "waiting for the provider's answer, so that the session is not lost",
        );
      }
      // The grace of five seconds, and not at once.
      expect(performance.now() - sent).toBeGreaterThan(4500);
      expect(performance.now() - sent).toBeLessThan(8000);
      expect(records.map(({ text }) => text)).toEqual(before);
      await provider.fault(undefined);
      for (const home of homes) expect(await home.run(["get"])).toMatchObject({ code: 0 });
    } finally {
      for (const home of homes) home.dispose();
    }
  });

  it("SIGINT during a refresh whose answer comes within the grace: exit 130, and the new tokens are kept", async () => {
    await elsewhere(async (other) => {
      other.configure({ profiles: { dev: browserProfile(provider, { timeout: 30 }) } });
      expect(await signIn(other)).toMatchObject({ code: 0 });
      const tokens = new TokenFile(other);
      const { refresh_token } = tokens.tokens;
      await provider.fault({ kind: "slow", ms: 900, path: "/token" });
      const asked = provider.counts["/token"] ?? 0;
      const child = other.start(["refresh"], { input: "" });
      await expect.poll(() => provider.counts["/token"] ?? 0, { timeout: 10_000 }).toBeGreaterThan(asked);
      child.kill("SIGINT");
      expect(expectFailure(await child.outcome, 130, "more").hint).toBe(
        "nothing was lost; run the command again",
      );
      await provider.fault(undefined);
      expect(tokens.tokens.refresh_token).not.toBe(refresh_token);
      expect(await other.run(["refresh"])).toMatchObject({ code: 0 });
    });
  });
});
