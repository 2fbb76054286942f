import { existsSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { CLIENTS, startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";

/** What a repository could set, where a runtime loads its `.env`, to have tokens sent to itself. */
let elsewhere: string;
let server: Server;
let seen: string[];
let provider: TestProvider;
let sandbox: Sandbox;

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ""}`);
    response.writeHead(200, { "content-type": "application/json" }).end('{"data":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  provider = await startProvider();
  sandbox = new Sandbox({ TEST_SECRET: CLIENTS.service.client_secret });
  const service = {
    issuer: provider.issuer,
    client_id: CLIENTS.service.client_id,
    client_secret: "{env:TEST_SECRET}",
  };
  const traded = { issuer: provider.issuer, flow: "token_exchange", subject_token: "{file:/nowhere}" };
  sandbox.configure({
    default_profile: "dev",
    profiles: {
      dev: browserProfile(provider),
      service: { ...service, flow: "client_credentials", base_url: "https://llm.example.test/v1" },
      key: { flow: "static_key", key: "{env:TEST_SECRET}", base_url: "https://llm.example.test/v1" },
      traded,
    },
  });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  sandbox.dispose();
  server.close();
  server.closeAllConnections();
  await provider.stop();
});
beforeEach(() => {
  seen = [];
});

const sentence = (variable: string): string =>
  `oidc-token: ${variable} leads profile "dev" elsewhere than your configuration file does, so a sign-in without it does not count\n`;

describe("a variable that leads the token of the file's profile elsewhere makes it another account:", () => {
  it.each([
    ["OIDC_TOKEN_BASE_URL", (): string => elsewhere, ["models"]],
    ["OIDC_TOKEN_BASE_URL", (): string => elsewhere, ["get"]],
    ["OIDC_TOKEN_ALLOWED_ORIGINS", (): string => `${elsewhere},https://llm.example.test`, ["get"]],
    ["OIDC_TOKEN_ENDPOINTS", (): string => `{"token_endpoint":"${elsewhere}/token"}`, ["refresh"]],
    ["OIDC_TOKEN_PROXY", (): string => elsewhere, ["refresh"]],
    ["OIDC_TOKEN_CA_FILE", (): string => "/tmp/ca.pem", ["refresh"]],
  ] as const)("%s, %o, %j: signed out, and why", async (variable, value, args) => {
    const outcome = await sandbox.run(args, { env: { [variable]: value() } });
    const { message, hint } = expectFailure(outcome, 3, "more");
    expect(message).toBe('not signed in to profile "dev"');
    expect(hint).toBe(`unset ${variable} unless that was you, else run: oidc-token login --profile dev`);
    expect(outcome.stderr).toContain(sentence(variable));
    expect(seen).toEqual([]);
  });

  it("get --url to an origin that only the environment allows gets no stored token", async () => {
    const env = { OIDC_TOKEN_ALLOWED_ORIGINS: `${elsewhere} https://llm.example.test` };
    expectFailure(await sandbox.run(["get", "--url", elsewhere], { env }), 3, "more");
  });

  it("logout tells no other revocation endpoint, and leaves the session of the file", async () => {
    const env = { OIDC_TOKEN_ENDPOINTS: `{"revocation_endpoint":"${elsewhere}/revoke"}` };
    expect(await sandbox.run(["logout"], { env })).toMatchObject({
      code: 0,
      stderr: `${sentence("OIDC_TOKEN_ENDPOINTS")}oidc-token: was not signed in to dev\n`,
    });
    expect(seen).toEqual([]);
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0, stderr: "" });
  });

  it("status shows it signed out, and why; the others as they are", async () => {
    const outcome = await sandbox.run(["status", "--json"], { env: { OIDC_TOKEN_BASE_URL: elsewhere } });
    expect(outcome).toMatchObject({ code: 0, stderr: sentence("OIDC_TOKEN_BASE_URL") });
    const rows = JSON.parse(outcome.stdout) as { profile: string; signed_in: boolean }[];
    expect(rows.map(({ profile, signed_in }) => `${profile} ${signed_in}`)).toEqual([
      "dev false",
      "service false",
      "key true",
      "traded false",
    ]);
  });

  it("a variable that says what the file says changes nothing", async () => {
    const env = { OIDC_TOKEN_BASE_URL: "https://llm.example.test/v1" };
    expect(await sandbox.run(["get"], { env })).toMatchObject({ code: 0, stderr: "" });
  });

  it("a file that OIDC_TOKEN_CONFIG names, with the same profile and other destinations, gets none of its tokens", async () => {
    const write = (overrides: object): string => {
      const path = join(sandbox.home, "other.jsonc");
      writeFileSync(path, JSON.stringify({ profiles: { dev: browserProfile(provider, overrides) } }));
      return path;
    };
    const env = { OIDC_TOKEN_CONFIG: write({ base_url: elsewhere }) };
    const outcome = await sandbox.run(["models"], { env });
    expectFailure(outcome, 3, "more");
    expect(outcome.stderr).toContain(sentence("OIDC_TOKEN_CONFIG"));
    expect(seen).toEqual([]);
    expect(await sandbox.run(["get"], { env: { OIDC_TOKEN_CONFIG: write({}) } })).toMatchObject({ code: 0 });
  });
});

describe("where nobody would be asked, the variable is refused:", () => {
  it.each([
    ["service", "OIDC_TOKEN_BASE_URL", (): string => elsewhere, ["models"]],
    ["service", "OIDC_TOKEN_ISSUER", (): string => elsewhere, ["get"]],
    ["service", "OIDC_TOKEN_ENDPOINTS", (): string => `{"token_endpoint":"${elsewhere}/token"}`, ["get"]],
    ["service", "OIDC_TOKEN_CA_FILE", (): string => "/tmp/ca.pem", ["get"]],
    ["key", "OIDC_TOKEN_BASE_URL", (): string => elsewhere, ["models"]],
    [
      "key",
      "OIDC_TOKEN_ALLOWED_ORIGINS",
      () => `${elsewhere} https://llm.example.test`,
      ["get", "--url", "x"],
    ],
  ] as const)("%s %s, and nothing is sent", async (profile, variable, value, args) => {
    const outcome = await sandbox.run([...args, "-p", profile], { env: { [variable]: value() } });
    const { message, hint } = expectFailure(outcome, 4);
    expect(message).toBe(
      `${variable} would lead profile "${profile}" elsewhere than your configuration file does, with nobody asked`,
    );
    expect(hint).toContain("unset it");
    expect(seen).toEqual([]);
  });

  it("a program that the environment names is not run for a profile of the file", async () => {
    const marker = join(sandbox.home, "was-run");
    const env = { OIDC_TOKEN_SUBJECT_TOKEN: `{command:touch ${marker}}` };
    const { message } = expectFailure(await sandbox.run(["get", "-p", "traded"], { env }), 4);
    expect(message).toContain("OIDC_TOKEN_SUBJECT_TOKEN");
    expect(existsSync(marker)).toBe(false);
  });
});

it("a profile made of the environment alone goes where the environment says", async () => {
  const alone = new Sandbox({
    OIDC_TOKEN_ISSUER: provider.issuer,
    OIDC_TOKEN_FLOW: "client_credentials",
    OIDC_TOKEN_CLIENT_ID: CLIENTS.service.client_id,
    OIDC_TOKEN_CLIENT_SECRET: CLIENTS.service.client_secret,
    OIDC_TOKEN_BASE_URL: elsewhere,
  });
  try {
    expect(await alone.run(["models", "--json"])).toMatchObject({ code: 0, stdout: "[]\n" });
    expect(seen).toEqual([expect.stringMatching(/^GET \/models Bearer \S+$/)]);
  } finally {
    alone.dispose();
  }
});
