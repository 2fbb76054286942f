import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { furnish, HOSTILE_COMMANDS } from "../support/agent-calls.js";
import { BIN, Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { CLIENTS, startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";

const KEY = "sk-of-the-profile";
const AGENT = { OIDC_TOKEN_AGENT: "1" };

describe("In the shell of an agent (OIDC_TOKEN_AGENT)", () => {
  let provider: TestProvider;
  let sandbox: Sandbox;
  let token: string;
  beforeAll(async () => {
    provider = await startProvider();
    sandbox = new Sandbox();
    furnish(sandbox.home);
    const secret = join(sandbox.home, "client-secret");
    writeFileSync(secret, CLIENTS.basic.client_secret);
    sandbox.configure({
      default_profile: "acme",
      profiles: {
        acme: browserProfile(provider),
        open: browserProfile(provider, { agent: "allow" }),
        keyed: { flow: "static_key", key: "{keyring}", base_url: "https://key.example.test/v1" },
        referring: { flow: "static_key", key: "{env:LLM_KEY}", base_url: "https://env.example.test/v1" },
      },
    });
    for (const profile of ["acme", "open"]) {
      expect(await signIn(sandbox, ["-p", profile])).toMatchObject({ code: 0 });
    }
    expect(await sandbox.run(["login", "-p", "keyed"], { input: KEY })).toMatchObject({ code: 0 });
    token = (await sandbox.run(["get"])).stdout.trim();
    expect(token.length).toBeGreaterThan(100);
    const bin = join(sandbox.home, "bin");
    mkdirSync(bin);
    symlinkSync(BIN, join(bin, "oidc-token"));
  });
  afterAll(async () => {
    sandbox?.dispose();
    await provider?.stop();
  });

  it.each([
    ["get"],
    ["get", "--format", "header"],
    ["get", "-p", "keyed"],
    ["models"],
    ["exec", "--", "env"],
    ["serve"],
    ["login", "-p", "keyed"],
    ["login", "--new-secret"],
  ])("%s %s %s is refused in one sentence that says who may", async (...args) => {
    // Once without the mark, so that the quick way is prepared.
    if (args[0] === "get") expect((await sandbox.run(args)).code).toBe(0);
    const outcome = await sandbox.run(args, { env: AGENT, input: "sk-of-the-agent" });
    expectFailure(outcome, 7);
    expect(outcome.stderr).toMatch(/profile "\w+" gives no token to the shell of an agent/);
    expect(outcome.stderr).toContain('"agent": "allow"');
    expect(outcome.stdout).toBe("");
  });

  it("trust is left to a person", async () => {
    expectFailure(await sandbox.run(["trust"], { env: AGENT }), 7);
    expect((await sandbox.run(["trust", "--list"], { env: AGENT })).code).toBe(0);
  });

  it("no profile can be allowed by a variable, which the agent could set itself", async () => {
    const env = { OIDC_TOKEN_AGENT: "allow" };
    expectFailure(await sandbox.run(["get"], { env }), 7);
  });

  it("a profile that allows it gives its token, each time", async () => {
    for (let i = 0; i < 3; i++) {
      const { code, stdout } = await sandbox.run(["get", "-p", "open"], { env: AGENT });
      expect(code).toBe(0);
      expect(stdout.length).toBeGreaterThan(100);
    }
    const { stdout } = await sandbox.run(["get", "-p", "open"]);
    expect(stdout.length).toBeGreaterThan(100);
  });

  it("what shows no secret goes on as ever", async () => {
    for (const args of [["status"], ["profiles"], ["whoami"], ["refresh"], ["config", "check"]]) {
      const { code, stdout, stderr } = await sandbox.run(args, { env: AGENT });
      expect([args, code, stderr]).toEqual([args, 0, expect.anything()]);
      expect(stdout + stderr).not.toContain("gives no token");
    }
  });

  it.each(HOSTILE_COMMANDS)("gets no token by: %s", async (command) => {
    const env = { ...sandbox.env, ...AGENT, PATH: `${join(sandbox.home, "bin")}:${sandbox.env.PATH}` };
    const child = spawn("sh", ["-c", command], { cwd: join(sandbox.home, "project"), env });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said += data));
    await new Promise((resolve) => child.once("close", resolve));
    expect(said).not.toMatch(/eyJ[\w-]{20}/);
    expect(said).not.toContain(KEY);
    expect(said).not.toContain('"key"');
    const kept = await sandbox.run(["get", "-p", "keyed"]);
    expect(kept.stdout.trim()).toBe(KEY);
  });

  it("profiles tells the variables that hold a profile's secrets, apart from those it allows", async () => {
    const env = { OIDC_TOKEN_CLIENT_SECRET: "s3cret", LLM_KEY: "k", OIDC_TOKEN_KEY: "{keyring}" };
    const { stdout } = await sandbox.run(["profiles", "--json"], { env });
    const rows = JSON.parse(stdout) as { profile: string; secret_variables: string[] }[];
    const of = (name: string) => rows.find(({ profile }) => profile === name)?.secret_variables;
    expect(of("referring")).toEqual(["LLM_KEY", "OIDC_TOKEN_CLIENT_SECRET"]);
    expect(of("open")).toEqual([]);
    expect(stdout).not.toContain("s3cret");
  });
});
