import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { init } from "../../../../src/commands/init/init.js";
import type { InitOptions } from "../../../../src/commands/init/init-options.js";
import { createContext } from "../../../../src/compose.js";
import type { Context } from "../../../../src/context.js";
import { OidcTokenError } from "../../../../src/errors.js";
import { ProcessLock } from "../../../../src/store/lock.js";
import type { Found } from "../../../../src/token/discovery.js";

const ENTER = "\r";
const DOWN = "\u001b[B";
const CTRL_C = "\u0003";
const ERASE_LINE = "\u0015";

/** What every address that is not dead says of itself. */
const found: Found = {
  is_api: false,
  server: {
    issuer: "https://id.example.com",
    preset: "generic",
    endpoints: {},
    grants: [],
    openid: true,
    elsewhere: [],
  },
};

/** Somebody in front of a terminal. */
function person(asked: InitOptions = {}) {
  const options: InitOptions = { login: false, ...asked };
  const home = mkdtempSync(join(tmpdir(), "oidc-token-wizard-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 40 });
  const stdout = new PassThrough();
  let screen = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    screen += stripVTControlCharacters(text);
  });
  const paths = {
    home,
    config: join(home, "c"),
    data: join(home, "d"),
    cache: join(home, "x"),
    log: join(home, "l"),
  };
  const context = {
    ...createContext([], "none", new AbortController().signal, {
      stdout: () => stdout,
      stderr: () => stderr as unknown as NodeJS.WriteStream,
    }),
    env: { OIDC_TOKEN_STORE: "file" },
    cwd: home,
    paths,
    stdin,
    stdout,
    stderr,
    lock: new ProcessLock([join(home, "locks")]),
    discovery: async () => ({
      find: async ({ hostname }: URL) => {
        if (hostname.startsWith("dead")) throw new OidcTokenError("temporary", `${hostname} is dead`, "look");
        return found;
      },
    }),
  } as unknown as Context;
  const start = () => init(context, options);
  return {
    home,
    file: join(home, "c", "config.jsonc"),
    start,
    screen: () => screen,
    printed: () => String(stdout.read() ?? ""),
    /** Waits for each question and gives its answer. */
    async answer(...answers: readonly (readonly [question: RegExp, ...keys: string[]])[]) {
      for (const [question, ...keys] of answers) {
        for (let waited = 0; !question.test(screen); waited += 5) {
          if (waited > 5_000) throw new Error(`never asked ${question}:\n${screen}`);
          await delay(5);
        }
        screen = "";
        for (const key of keys) {
          stdin.write(key);
          await delay(15);
        }
      }
    },
  };
}

describe("init on a terminal", () => {
  it("asks what the provider needs, shows what to switch on there, and writes the profile", async () => {
    const somebody = person();
    const done = somebody.start();
    await somebody.answer([/Address of the API/, ENTER], [/Who gives the token/, ENTER]);
    await somebody.answer(
      [
        /At OCI IAM identity domains[\s\S]*confidential application[\s\S]*Issuer URL/,
        "http://id.example.com",
        ENTER,
      ],
      [/must be an https URL/, ERASE_LINE, "https://idcs-<id>.example.com", ENTER],
      [/holds a placeholder/, ERASE_LINE, "https://dead.example.com", ENTER],
      [
        /dead\.example\.com is dead[\s\S]*Issuer URL/,
        ERASE_LINE,
        "https://idcs-1.identity.oraclecloud.com",
        ENTER,
      ],
      [/How do people sign in/, ENTER],
      [/Client id/, ENTER],
      [/this is needed/, "your-client-id", ENTER],
      [/still a placeholder/, ERASE_LINE, "abc", ENTER],
      [/Does the client have a secret/, DOWN, ENTER],
      [/Path of the file/, "secret", ENTER],
      [/there is no such file/, ENTER],
      [/Redirect URI/, ENTER],
      [/Scopes/, ENTER],
      [/Address of the service/, "https://llm.example.com/v1", ENTER],
      [/Name of the profile/, ENTER],
    );
    await done;
    expect(somebody.printed()).toBe(`${somebody.file}\n`);
    expect(somebody.screen()).toContain("oidc-token: next: oidc-token login --profile oci\n");
    expect(JSON.parse(readFileSync(somebody.file, "utf8")).profiles).toEqual({
      oci: {
        preset: "oci",
        issuer: "https://idcs-1.identity.oraclecloud.com",
        client_id: "abc",
        client_secret: `{file:${join(somebody.home, "secret")}}`,
        flow: ["authorization_code", "device_code"],
        redirect_uri: "http://localhost:8888/callback",
        scope: "openid profile offline_access",
        base_url: "https://llm.example.com/v1",
        provider: "oci-oidc",
      },
    });
  });

  it("writes a fixed key's profile, and proposes a name that is free", async () => {
    const somebody = person();
    mkdirSync(join(somebody.home, "c"));
    writeFileSync(somebody.file, '{ "profiles": { "key": { "key": "{env:K}" } } }');
    const done = somebody.start();
    const up = "\u001b[A";
    await somebody.answer(
      [/Address of the API/, ENTER],
      [/Who gives the token/, up, ENTER],
      [/Which header/, ENTER],
      [/Address of the service/, ENTER],
      [/Name of the profile/, ERASE_LINE, "key", ENTER],
      [/there is a profile of this name already/, "-2", ENTER],
    );
    await done;
    expect(JSON.parse(readFileSync(somebody.file, "utf8"))).toEqual({
      profiles: {
        key: { key: "{env:K}" },
        "key-2": { flow: "static_key", key: "{keyring}", header: "x-api-key" },
      },
      default_profile: "key",
    });
  });

  it("asks again for an issuer that does not answer, and takes the same answer twice", async () => {
    const somebody = person();
    const done = somebody.start();
    await somebody.answer(
      [/Address of the API/, "https://dead.example.com/api", ENTER],
      [/dead\.example\.com is dead[\s\S]*Address of the API/, ERASE_LINE, ENTER],
      [/Who gives the token/, "\u001b[A", "\u001b[A", ENTER],
      [/Issuer URL/, "https://dead.example.com", ENTER],
      [/is dead[\s\S]*press Enter to keep it[\s\S]*Issuer URL/, ENTER],
      [/How do people sign in/, ENTER],
      [/Client id/, "abc", ENTER],
      [/Does the client have a secret/, ENTER],
      [/Redirect URI/, ENTER],
      [/Scopes/, ENTER],
      [/Address of the service/, ENTER],
      [/Name of the profile/, ENTER],
    );
    await done;
    const { profiles } = JSON.parse(readFileSync(somebody.file, "utf8"));
    expect(profiles.default).toMatchObject({ issuer: "https://dead.example.com", client_id: "abc" });
  });

  it("writes nothing where the person leaves", async () => {
    const somebody = person();
    const done = somebody.start();
    const failed = expect(done).rejects.toMatchObject({ kind: "interrupted", message: "cancelled" });
    await somebody.answer(
      [/Address of the API/, ENTER],
      [/Who gives the token/, ENTER],
      [/Issuer URL/, CTRL_C],
    );
    await failed;
    expect(() => readFileSync(somebody.file)).toThrow("ENOENT");
    expect(somebody.printed()).toBe("");
  });

  it("tells of a broken file before the first question", async () => {
    const somebody = person();
    mkdirSync(join(somebody.home, "c"));
    writeFileSync(somebody.file, "{");
    await expect(somebody.start()).rejects.toMatchObject({ kind: "configuration" });
    expect(somebody.screen()).toBe("");
  });

  it("asks before it takes over what stands in the current folder", async () => {
    const old = {
      domain_url: "https://idcs-1.identity.oraclecloud.com",
      client_id: "abc",
      auth_method: "mobile_app",
    };
    for (const [key, written] of [
      ["n", false],
      ["y", true],
    ] as const) {
      const somebody = person({ import: true });
      writeFileSync(join(somebody.home, "oci-auth.config.jsonc"), JSON.stringify(old));
      const done = somebody.start().then(
        () => true,
        (error: { kind: string }) => error.kind !== "interrupted",
      );
      await somebody.answer([/issuer: https:\/\/idcs-1[\s\S]*Take it over\?/, key]);
      expect(await done).toBe(written);
      expect(somebody.printed()).toBe(written ? `${somebody.file}\n` : "");
    }
  });
});
