import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { bin } from "../../package.json";
import { COMMAND_LINE, Sandbox } from "../support/command.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

const execute = promisify(execFile);

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  sandbox.configure({
    profiles: { dev: browserProfile(provider, { base_url: "https://git.example/team" }) },
  });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  // A file that was written just now may not be what was read.
  await new Promise((resolve) => setTimeout(resolve, 50));
});
afterAll(async () => {
  sandbox.dispose();
  await provider.stop();
});

/** Runs one of the package's other programs. */
async function runAs(
  name: keyof typeof bin,
  args: readonly string[],
  input: string,
  env: Readonly<Record<string, string>> = sandbox.env,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [file = "", ...words] = sandbox.named(name);
  const running = execute(file, [...words, ...args], { env, cwd: sandbox.home, timeout: 15_000 });
  running.child.stdin?.on("error", () => {}).end(input);
  return await running.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

const refreshes = (): number => provider.counts["granted refresh_token"] ?? 0;

const QUESTION = "protocol=https\nhost=git.example\n\n";

describe("the programs other tools look for", () => {
  it.each<[keyof typeof bin, readonly string[], string, (token: string) => string]>([
    ["git-credential-oidc-token", ["get"], QUESTION, (token) => `password=${token}`],
    ["docker-credential-oidc-token", ["get"], "git.example", (token) => `"Secret":"${token}"`],
    [
      "cargo-credential-oidc-token",
      ["--cargo-plugin"],
      '{"v":1,"kind":"get","registry":{"index-url":"sparse+https://git.example/"}}\n',
      (token) => `"token":"Bearer ${token}"`,
    ],
    [
      "terraform-credentials-oidc-token",
      ["--profile", "dev", "get", "git.example"],
      "",
      (token) => `{"token":"${token}"}`,
    ],
    [
      "bazel-credential-oidc-token",
      ["get"],
      '{"uri":"https://git.example/"}',
      (token) => `["Bearer ${token}"]`,
    ],
  ])("%s answers, the first time and from the hot path", async (name, args, input, expected) => {
    const first = await runAs(name, args, input);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain(expected(file.tokens.access_token));
    expect(await runAs(name, args, input)).toEqual(first);
  });

  it("answers on the hot path for the host it knows, and for no other", async () => {
    await runAs("docker-credential-oidc-token", ["get"], "git.example");
    const kept = readFileSync(join(sandbox.home, "cache", "oidc-token", "get.json"), "utf8");
    expect(kept).toContain("https://git.example/");
    expect(await runAs("docker-credential-oidc-token", ["get"], "git.example.evil.test")).toEqual({
      code: 1,
      stdout: "credentials not found in native keychain\n",
      stderr: "",
    });
  });

  it("answers with HOME and PATH alone", async () => {
    const bare = {
      HOME: join(sandbox.home, "bare"),
      PATH: process.env.PATH ?? "",
      OIDC_TOKEN_KEY: "key-of-ci",
    };
    const folder = join(bare.HOME, ".config", "oidc-token");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const config = {
      store: "file",
      profiles: { ci: { flow: "static_key", key: "plain-key-1", base_url: "https://ci.example" } },
    };
    writeFileSync(join(folder, "config.jsonc"), JSON.stringify(config), { mode: 0o600 });
    const { HOME, PATH } = bare;
    for (let times = 0; times < 2; times += 1) {
      expect(
        await runAs("docker-credential-oidc-token", ["get"], "ci.example", { HOME, PATH }),
      ).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("plain-key-1"),
        stderr: "",
      });
    }
  });
});

it("git's erase has the refused token replaced, once", async () => {
  const refused = file.tokens.access_token;
  const before = refreshes();
  const erase = `${QUESTION.trim()}\nusername=oauth2\npassword=${refused}\n\n`;
  expect(await runAs("git-credential-oidc-token", ["erase"], erase)).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
  });
  expect(await runAs("git-credential-oidc-token", ["erase"], erase)).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
  });
  expect(file.tokens.access_token).not.toBe(refused);
  expect(refreshes()).toBe(before + 1);
  const answer = await runAs("git-credential-oidc-token", ["get"], QUESTION);
  expect(answer.stdout).toContain(`password=${file.tokens.access_token}\n`);
});

it("git itself is given a token", async () => {
  const helper = `!${sandbox
    .named("git-credential-oidc-token")
    .map((word) => `'${word}'`)
    .join(" ")}`;
  const args = [
    "-c",
    "credential.helper=",
    "-c",
    `credential.https://git.example.helper=${helper}`,
    "credential",
    "fill",
  ];
  const running = execute("git", args, {
    env: { ...sandbox.env, GIT_TERMINAL_PROMPT: "0" },
    timeout: 15_000,
  });
  running.child.stdin?.end(QUESTION);
  const { stdout, stderr } = await running;
  expect(stdout).toContain(file.tokens.access_token);
  expect(stderr).toBe("");
});

describe("get --fresh-on-repeat, from the hot path", () => {
  const ask = async (prefix?: string): Promise<string> => {
    const args = ["get", "--fresh-on-repeat"];
    const { stdout } =
      prefix === undefined
        ? await sandbox.run(args)
        : await execute("sh", ["-c", `${prefix}; ${COMMAND_LINE} ${args.join(" ")}; true`], {
            env: sandbox.env,
            cwd: sandbox.home,
          });
    return stdout.trim();
  };

  it("knows the same caller again, also through a shell of its own, and refreshes once", async () => {
    await sandbox.run(["get", "--fresh-on-repeat", "--min-validity", "1"]);
    const given = file.tokens.access_token;
    const before = refreshes();
    const again = await ask(":");
    expect(again).not.toBe(given);
    expect(await ask(":")).toBe(again);
    expect(await ask()).toBe(again);
    expect(refreshes()).toBe(before + 1);
  });
});
