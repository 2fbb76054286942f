import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { CLIENTS, startProvider, type TestProvider } from "../support/provider.js";
import { deviceProfile, signIn } from "../support/signed-in.js";

let provider: TestProvider;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  sandbox.configure({ profiles: { dev: deviceProfile(provider) } });
});
afterAll(async () => {
  sandbox.dispose();
  await provider.stop();
});

describe("from nothing to a token, with the device flow", () => {
  it("get before any sign-in exits 3 and names the exact command", async () => {
    const outcome = await sandbox.run(["get"]);
    expect(outcome).toMatchObject({ code: 3, stdout: "" });
    expect(outcome.stderr).toBe(
      'oidc-token: not signed in to profile "dev"\noidc-token: hint: run: oidc-token login --profile dev\n',
    );
  });

  it("login shows a code, waits for the person, and keeps the tokens in a private file", async () => {
    const outcome = await signIn(sandbox);
    expect(outcome).toMatchObject({ code: 0 });
    const events = outcome.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events).toEqual([
      {
        event: "device_code",
        verification_uri: `${provider.issuer}/device`,
        verification_uri_complete: expect.stringContaining("user_code="),
        user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
        expires_in: expect.any(Number),
      },
      { event: "done", profile: "dev", store: "file", expires_at: expect.any(Number) },
    ]);
    const tokens = join(sandbox.home, "data", "oidc-token", "tokens");
    expect(statSync(tokens).mode & 0o777).toBe(0o700);
  });

  it("get prints the token and nothing else, and asks the provider nothing", async () => {
    const before = { ...provider.counts };
    const first = await sandbox.run(["get"]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const second = await sandbox.run(["get", "--profile", "dev"]);
    expect(second.stdout).toBe(first.stdout);
    expect(provider.counts).toEqual(before);
  });

  it("refresh brings another token with one request, and get prints that one", async () => {
    const before = await sandbox.run(["get"]);
    const refresh = await sandbox.run(["refresh"]);
    expect(refresh).toMatchObject({ code: 0, stdout: "" });
    expect(refresh.stderr).toMatch(/^oidc-token: refreshed dev, valid for \d+ s\n$/);
    const after = await sandbox.run(["get"]);
    expect(after.stdout).not.toBe(before.stdout);
    expect(provider.counts["granted refresh_token"]).toBe(1);
  });

  it("status tells who is signed in and what get would do", async () => {
    const outcome = await sandbox.run(["status", "--json"]);
    expect(JSON.parse(outcome.stdout)).toEqual([
      {
        profile: "dev",
        flow: "device_code",
        issuer: provider.issuer,
        signed_in: true,
        expires_at: expect.any(Number),
        has_refresh_token: true,
        store: "file",
        next: "serve",
        default: true,
        account: expect.stringMatching(/\S/),
      },
    ]);
    expect((await sandbox.run(["status"])).stdout).toMatch(
      / {2}PROFILE +ACCOUNT[^\n]*\n\* dev +\S+ +yes +in (?:\d+ min|1 h 0 min)/,
    );
  });

  it("profiles tells a plugin what it needs to know", async () => {
    const outcome = await sandbox.run(["profiles", "--json"]);
    expect(JSON.parse(outcome.stdout)).toEqual([
      {
        profile: "dev",
        provider: "dev",
        flow: "device_code",
        base_url: "https://llm.example.test/v1",
        allowed_origins: ["https://llm.example.test"],
        header: "Authorization",
        header_scheme: "Bearer",
        default: true,
        mcp: false,
        secret_files: [join(sandbox.home, "data", "oidc-token")],
        secret_variables: [],
      },
    ]);
  });

  it("logout revokes refresh and access token at the provider and forgets it here", async () => {
    const outcome = await sandbox.run(["logout"]);
    expect(outcome).toMatchObject({ code: 0, stdout: "", stderr: "oidc-token: signed out of dev\n" });
    expect(provider.counts["/token/revocation"]).toBe(2);
    expect(await sandbox.run(["get"])).toMatchObject({ code: 3, stdout: "" });
  });
});

describe("the other flows", () => {
  it("a browser sign-in answered on the loopback server ends in a token", async () => {
    const profile = deviceProfile(provider, {
      flow: "authorization_code",
      client_id: CLIENTS.post.client_id,
      client_secret: CLIENTS.post.client_secret,
    });
    sandbox.configure({ profiles: { web: profile } });
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
    expect((await sandbox.run(["get"])).stdout).toMatch(/^eyJ/);
  });

  it("client_credentials needs no sign-in at all, and is cached", async () => {
    const service = {
      ...CLIENTS.service,
      issuer: provider.issuer,
      flow: "client_credentials",
      scope: "api:read",
    };
    sandbox.configure({ profiles: { service } });
    const first = await sandbox.run(["get"]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect((await sandbox.run(["get"])).stdout).toBe(first.stdout);
    expect(provider.counts["granted client_credentials"]).toBe(1);
  });

  it("a static key comes from the environment, a file, or stdin of login", async () => {
    sandbox.configure({
      profiles: { ci: { flow: "static_key", key: "{env:LLM_API_KEY}", header: "x-api-key" } },
    });
    const env = { LLM_API_KEY: "key-from-env" };
    expect(await sandbox.run(["get", "-f", "header"], { env })).toMatchObject({
      code: 0,
      stdout: "x-api-key: key-from-env\n",
    });
    sandbox.configure({ profiles: { own: { flow: "static_key", key: "{keyring}" } } });
    expect(await sandbox.run(["get"])).toMatchObject({ code: 3 });
    expect(await sandbox.run(["login"], { input: "key-from-stdin\n" })).toMatchObject({
      code: 0,
      stdout: "",
    });
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0, stdout: "key-from-stdin\n" });
  });
});

describe("a static key outside the store", () => {
  it("is read anew by each call, also by those that read nothing else", async () => {
    const file = join(sandbox.home, "key");
    writeFileSync(file, "first-key\n");
    sandbox.configure({
      default_profile: "env",
      profiles: {
        env: { flow: "static_key", key: "{env:LLM_API_KEY}" },
        file: { flow: "static_key", key: `{file:${file}}` },
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const get = (profile: string, LLM_API_KEY?: string) =>
      sandbox.run(["get", "-p", profile], { env: { LLM_API_KEY } });
    expect(await get("file")).toMatchObject({ code: 0, stdout: "first-key\n" });
    writeFileSync(file, "second-key\n");
    expect(await get("file")).toMatchObject({ code: 0, stdout: "second-key\n" });
    rmSync(file);
    expect(await get("file")).toMatchObject({ code: 4, stdout: "" });
    expect(await get("env", "one")).toMatchObject({ code: 0, stdout: "one\n" });
    expect(await get("env", "other")).toMatchObject({ code: 0, stdout: "other\n" });
    expect(await get("env")).toMatchObject({
      code: 4,
      stdout: "",
      stderr: expect.stringContaining("LLM_API_KEY"),
    });
    const remembered = readFileSync(join(sandbox.home, "cache", "oidc-token", "get.json"), "utf8");
    expect(remembered).toContain("LLM_API_KEY");
    expect(remembered).not.toMatch(/first-key|second-key|one\\n|other/);
  });
});
