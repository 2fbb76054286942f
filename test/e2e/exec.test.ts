import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  const api = ["openai", "anthropic", "gemini"];
  const base_url = "http://127.0.0.1:9/v1";
  sandbox.configure({ profiles: { dev: browserProfile(provider, { base_url, api }) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  sandbox.dispose();
  await provider.stop();
});

const node = (script: string): readonly string[] => ["--", process.execPath, "-e", script];

describe("exec gives a program", () => {
  it("the token in OIDC_TOKEN, its own input and output, and nothing in its arguments", async () => {
    const script =
      'process.stdin.on("data",d=>console.log(String(d)+process.env.OIDC_TOKEN+JSON.stringify(process.argv.slice(1))))';
    const outcome = await sandbox.run(["exec", ...node(script), "a b", "--profile", "x"], { input: "in:" });
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toBe(`in:${file.tokens.access_token}["a b","--profile","x"]\n`);
  });

  it("the token in the variables that are named, and in no other", async () => {
    const script = "const{A,B,OIDC_TOKEN}=process.env;console.log(JSON.stringify({A,B,OIDC_TOKEN}))";
    const { stdout } = await sandbox.run(["exec", "--env", "A", "--env", "B", ...node(script)]);
    const token = file.tokens.access_token;
    expect(JSON.parse(stdout)).toEqual({ A: token, B: token });
  });

  it("the ID token where asked for", async () => {
    const { stdout } = await sandbox.run([
      "exec",
      "--id-token",
      ...node("console.log(process.env.OIDC_TOKEN)"),
    ]);
    expect(stdout.trim()).toBe(file.tokens.id_token);
  });

  it("an address and a key in place of a token, by whose API the profile names", async () => {
    const { stdout } = await sandbox.run(
      ["exec", "--serve", ...node("console.log(JSON.stringify(process.env))")],
      {
        env: { ANTHROPIC_API_KEY: "old", NO_PROXY: "a.example" },
      },
    );
    const env = JSON.parse(stdout);
    const key = env.OPENAI_API_KEY;
    const origin = new URL(env.OPENAI_BASE_URL).origin;
    expect(env).toMatchObject({
      OPENAI_BASE_URL: `${origin}/v1`,
      ANTHROPIC_BASE_URL: origin,
      ANTHROPIC_AUTH_TOKEN: key,
      GOOGLE_GEMINI_BASE_URL: origin,
      GEMINI_API_KEY: key,
      NO_PROXY: "a.example,127.0.0.1",
    });
    expect(env).not.toHaveProperty("ANTHROPIC_API_KEY");
    expect(env).not.toHaveProperty("OIDC_TOKEN");
    expect(stdout).not.toContain(file.tokens.access_token);
  });
});

describe("exec gives a program a file with an ID token", () => {
  const args = ["exec", "--id-token-file-env", "AWS_WEB_IDENTITY_TOKEN_FILE"];
  const script = `
    const path = process.env.AWS_WEB_IDENTITY_TOKEN_FILE;
    const { mode } = require("fs").statSync(path);
    const folder = require("fs").statSync(require("path").dirname(path)).mode;
    console.log(JSON.stringify({ path, text: require("fs").readFileSync(path, "utf8"), mode: mode & 511, folder: folder & 511 }));
    process.exit(3);`;

  it("for this user alone, without a newline, gone afterwards whatever the exit code", async () => {
    const outcome = await sandbox.run([...args, ...node(script)]);
    expect(outcome).toMatchObject({ code: 3, stderr: "" });
    const { path, text, mode, folder } = JSON.parse(outcome.stdout);
    expect(text).toBe(file.tokens.id_token);
    expect([mode, folder]).toEqual([0o600, 0o700]);
    expect(existsSync(path)).toBe(false);
  });

  it("gone also where a signal ends the program, and what a killed one left is cleared away", async () => {
    const folder = join(sandbox.home, "run", "oidc-token");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const old = join(folder, "id-token-999999");
    writeFileSync(old, "left", { mode: 0o600 });
    const { utimesSync } = await import("node:fs");
    utimesSync(old, 1, 1);
    const outcome = await sandbox.run([...args, ...node('process.kill(process.pid,"SIGKILL")')]);
    expect(outcome.code).toBe(137);
    expect(readdirSync(folder).filter((name) => name.startsWith("id-token"))).toEqual([]);
  });
});

describe("exec ends as its program does", () => {
  it.each([0, 1, 42, 255])("with its exit code %i", async (code) => {
    expect(await sandbox.run(["exec", ...node(`process.exit(${code})`)])).toMatchObject({ code, stderr: "" });
  });

  it.each(["SIGTERM", "SIGHUP", "SIGINT", "SIGUSR2"] as const)("and hands on %s", async (signal) => {
    const script = `process.on("${signal}",()=>{console.log("got it");process.exit(9)});setInterval(()=>{},1e3);console.log("up")`;
    const running = sandbox.start(["exec", ...node(script)]);
    await new Promise((resolve) => running.stdout?.once("data", resolve));
    running.kill(signal);
    expect(await running.outcome).toMatchObject({ code: 9, stdout: "up\ngot it\n", stderr: "" });
  });

  it("with 128 and the number of the signal that ended it", async () => {
    const running = sandbox.start(["exec", ...node('console.log("up");setInterval(()=>{},1e3)')]);
    await new Promise((resolve) => running.stdout?.once("data", resolve));
    running.kill("SIGTERM");
    expect((await running.outcome).code).toBe(143);
  });
});

describe("exec starts nothing", () => {
  it.each<[string, readonly string[], number, RegExp]>([
    [
      "where there is no such program",
      ["exec", "--", "no-such-program-here"],
      2,
      /"no-such-program-here" is not there/,
    ],
    [
      "for a name that is none of a variable",
      ["exec", "--env", "A=B", "--", "true"],
      2,
      /cannot be the name/,
    ],
    ["without a token", ["exec", "--profile", "none", "--", "echo", "ran"], 4, /"none"/],
    ["without a program", ["exec"], 2, /command/],
  ])("%s", async (_what, args, code, message) => {
    expect(await sandbox.run(args)).toMatchObject({
      code,
      stdout: "",
      stderr: expect.stringMatching(message),
    });
  });
});

it("what is stored is not touched by it", () => {
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  expect(readFileSync(file.path, "utf8")).toContain("refresh_token");
});
