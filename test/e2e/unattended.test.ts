import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { API } from "../support/provider.js";
import { TokenFile } from "../support/token-file.js";
import {
  AUDIENCE,
  startUnattendedProvider,
  type UnattendedProvider,
} from "../support/unattended-provider.js";

let provider: UnattendedProvider;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startUnattendedProvider();
});
afterAll(() => provider.stop());
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

const workload = (values: object) => ({
  profiles: { llm: { issuer: provider.issuer, client_id: "workload", scope: "api:read", ...values } },
});
const granted = (grant: string): number => provider.counts[`granted ${grant}`] ?? 0;
const last = () => provider.exchanges.at(-1);

describe("in a Kubernetes pod, the projected token is traded for one of the API", () => {
  /** As the kubelet lays a projected token down: behind a link that it turns in one step. */
  function project(token: string): string {
    const volume = join(sandbox.home, "tokens");
    const version = join(volume, `..${Date.now()}`);
    mkdirSync(version, { recursive: true });
    writeFileSync(join(version, "llm"), token);
    symlinkSync(version, join(volume, "..data_tmp"));
    renameSync(join(volume, "..data_tmp"), join(volume, "..data"));
    return join(volume, "..data", "llm");
  }

  it.each([
    ["token-exchange", "subject_token"],
    ["jwt-bearer", "assertion"],
  ])("%s: token in, token out, cached, and the rotated file read afresh", async (grant, key) => {
    const first = await provider.trusted.issue({ jti: "first" });
    sandbox.configure(workload({ [key]: `{file:${project(first)}}` }));
    const before = granted(grant);
    const outcome = await sandbox.run(["get"]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(decodeJwt(outcome.stdout.trim())).toMatchObject({ iss: provider.issuer, aud: API.resource });
    expect(last()?.asked).toMatchObject({ [key]: first, client_id: "workload", scope: "api:read" });
    if (grant === "token-exchange")
      expect(last()?.asked.subject_token_type).toBe("urn:ietf:params:oauth:token-type:jwt");

    expect((await sandbox.run(["get"])).stdout).toBe(outcome.stdout);
    expect(granted(grant)).toBe(before + 1);

    const second = await provider.trusted.issue({ jti: "second" });
    project(second);
    new TokenFile(sandbox).expire();
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0, stderr: "" });
    expect(last()?.asked[key]).toBe(second);
    expect(granted(grant)).toBe(before + 2);
  });

  it("a token that the provider does not trust: exit 7, and what stands in it is told", async () => {
    const token = await provider.trusted.issue({ aud: "https://kubernetes.default.svc" });
    sandbox.configure(workload({ subject_token: `{file:${project(token)}}` }));
    const { message, hint } = expectFailure(await sandbox.run(["get"]), 7);
    expect(message).toContain("does not take the subject_token of profile llm: invalid_grant");
    expect(hint).toBe(
      "make the provider trust it: iss https://cluster.example.test, aud https://kubernetes.default.svc, sub system:serviceaccount:ml:agent",
    );
  });

  it("a token that is over: exit 7, and that is told", async () => {
    const token = await provider.trusted.issue({ exp: Math.floor(Date.now() / 1000) - 60 });
    sandbox.configure(workload({ assertion: `{file:${project(token)}}` }));
    expect(expectFailure(await sandbox.run(["get"]), 7).hint).toContain("it has expired");
  });

  it("a file that is not there: exit 4, and it is named", async () => {
    sandbox.configure(workload({ subject_token: "{file:/var/run/secrets/tokens/none}" }));
    const { message } = expectFailure(await sandbox.run(["get"]), 4);
    expect(message).toContain('"subject_token" is to come from the file /var/run/secrets/tokens/none');
  });

  it("the provider out of reach: exit 5", async () => {
    sandbox.configure(workload({ subject_token: `{file:${project(await provider.trusted.issue())}}` }));
    await provider.fault({ kind: "answer", status: 503, body: "" });
    expectFailure(await sandbox.run(["get"]), 5);
    await provider.fault(undefined);
  });

  it("without a client_id none is sent, and a provider that wants one says so: exit 7", async () => {
    sandbox.configure({ profiles: { llm: { issuer: provider.issuer, subject_token: "{env:SUBJECT}" } } });
    const env = { SUBJECT: await provider.trusted.issue() };
    const { message, hint } = expectFailure(await sandbox.run(["get"], { env }), 7);
    expect(message).toContain("the provider wants to know the client");
    expect(hint).toContain("set client_id");
    expect(last()?.asked.client_id).toBeUndefined();
  });
});

describe("in a GitHub Actions job", () => {
  let requests: { url: string; authorization: string | undefined }[];
  let answer: { status: number; body: string } | undefined;
  const github = createServer(async (request, response) => {
    requests.push({ url: request.url ?? "", authorization: request.headers.authorization });
    const audience = new URL(request.url ?? "", "http://github").searchParams.get("audience");
    const value = await provider.trusted.issue({ aud: audience ?? "https://github.com/company" });
    const { status, body } = answer ?? { status: 200, body: JSON.stringify({ count: 1, value }) };
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  let env: Record<string, string>;
  beforeAll(() => new Promise<void>((resolve) => void github.listen(0, "127.0.0.1", resolve)));
  afterAll(() => void github.close());
  beforeEach(() => {
    requests = [];
    answer = undefined;
    const { port } = github.address() as AddressInfo;
    env = {
      CI: "true",
      GITHUB_ACTIONS: "true",
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "request-token-canary",
    };
    sandbox.configure(workload({ subject_token: `{github_actions:${AUDIENCE}}` }));
  });

  it("the job's own token, made for the audience, is traded for one of the API", async () => {
    const outcome = await sandbox.run(["get", "--format", "header"], { env });
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toMatch(/^Authorization: Bearer eyJ/);
    expect(requests).toEqual([
      {
        url: `/token?api-version=2.0&audience=${encodeURIComponent(AUDIENCE)}`,
        authorization: "Bearer request-token-canary",
      },
    ]);
  });

  it("without an audience GitHub's own is left to it", async () => {
    sandbox.configure(workload({ assertion: "{github_actions}" }));
    const { hint } = expectFailure(await sandbox.run(["get"], { env }), 7);
    expect(requests[0]?.url).toBe("/token?api-version=2.0");
    expect(hint).toContain("aud https://github.com/company");
  });

  it.each([
    [
      "with an address that is not https",
      { ACTIONS_ID_TOKEN_REQUEST_URL: "http://actions.example.test/token" },
      "is not https, so nothing is sent there",
    ],
    ["without the permission", { ACTIONS_ID_TOKEN_REQUEST_URL: "" }, "may not ask for a token"],
    ["outside of a job", { ACTIONS_ID_TOKEN_REQUEST_URL: "", GITHUB_ACTIONS: "" }, "this is none"],
  ])("%s: exit 4, and the permission is named", async (_, without, sentence) => {
    const { message, hint } = expectFailure(await sandbox.run(["get"], { env: { ...env, ...without } }), 4);
    expect(message).toContain(sentence);
    expect(hint).toContain("permissions: id-token: write");
  });

  it.each([
    [403, '{"message":"no"}', 4],
    [500, "", 5],
    [200, "<html>", 5],
    [200, '{"value":5}', 4],
  ])("answered %d %s: exit %d", async (status, body, code) => {
    answer = { status, body };
    const outcome = await sandbox.run(["get", "--log-level", "debug"], { env });
    expectFailure(outcome, code);
    expect(outcome.stderr).not.toContain("canary");
  });
});

describe("a command that prints the token", () => {
  const script = (body: string): string => {
    const path = join(sandbox.home, "print token.js");
    writeFileSync(path, body);
    return path;
  };
  const configured = (body: string, values: object = {}) =>
    sandbox.configure(
      workload({ subject_token: `{command:"${process.execPath}" '${script(body)}' $HOME "a b"}`, ...values }),
    );

  it("is run without a shell, with its arguments as they are written", async () => {
    const token = await provider.trusted.issue();
    configured(
      `console.log(process.argv[2] === "$HOME" && process.argv[3] === "a b" ? "${token}" : "wrong")`,
    );
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0, stderr: "" });
    expect(last()?.asked.subject_token).toBe(token);
  });

  it.each([
    ["fails", 'console.error("canary-secret"); process.exit(3)', 4, "ended with code 3"],
    ["prints nothing", "", 4, "printed nothing"],
    ["prints a sentence", 'console.log("not signed in")', 4, "printed more than one word"],
    ["prints without end", 'for (;;) process.stdout.write("x".repeat(4096))', 4, "prints too much"],
    ["never ends", "setInterval(() => {}, 1000)", 5, "did not end within 1 s"],
  ])("that %s", async (_, body, code, sentence) => {
    configured(body, { timeout: 1 });
    const outcome = await sandbox.run(["get"]);
    expect(expectFailure(outcome, code).message).toContain(sentence);
    expect(outcome.stderr).not.toContain("canary");
  });

  it("that is not there: exit 4", async () => {
    sandbox.configure(workload({ subject_token: "{command:no-such-program --token}" }));
    expect(expectFailure(await sandbox.run(["get"]), 4).message).toContain("no-such-program, is not there");
  });
});

describe("a client that proves itself with a private key", () => {
  const signer = (values: object) => ({
    profiles: {
      llm: {
        issuer: provider.issuer,
        client_id: "signer",
        flow: "client_credentials",
        scope: "api:read",
        ...values,
      },
    },
  });

  it.each([
    ["a PEM file", () => provider.signer.pem, { private_key: "{file:key.pem}" }, {}],
    ["a JWK file", () => provider.signer.jwk, { private_key: "{file:key.pem}" }, {}],
    ["a variable", () => "", { private_key: "{env:SIGNER}" }, { SIGNER: () => provider.signer.pem }],
    ["OIDC_TOKEN_PRIVATE_KEY", () => "", {}, { OIDC_TOKEN_PRIVATE_KEY: () => provider.signer.jwk }],
    [
      "a token endpoint as audience",
      () => provider.signer.pem,
      {
        private_key: "{file:key.pem}",
        client_assertion_audience: "token_endpoint",
        private_key_id: "signer-1",
      },
      {},
    ],
  ])("from %s", async (_, content, values, variables) => {
    sandbox.configure(signer(values));
    writeFileSync(join(sandbox.configDir, "key.pem"), content(), { mode: 0o600 });
    const env = Object.fromEntries(Object.entries(variables).map(([name, text]) => [name, text()]));
    expect(await sandbox.run(["get"], { env })).toMatchObject({ code: 0, stderr: "" });
    const { client_assertion = "", client_assertion_type } = last()?.asked ?? {};
    expect(client_assertion_type).toBe("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    expect(decodeJwt(client_assertion)).toMatchObject({
      iss: "signer",
      sub: "signer",
      aud: "client_assertion_audience" in values ? `${provider.issuer}/token` : provider.issuer,
    });
  });

  it("that the provider does not know: exit 7", async () => {
    const other = await startUnattendedProvider();
    await other.stop();
    sandbox.configure(signer({ private_key: "{env:SIGNER}" }));
    const outcome = await sandbox.run(["get"], { env: { SIGNER: other.signer.pem } });
    expect(expectFailure(outcome, 7).hint).toContain("register the public half of private_key");
  });

  it.each([
    ["-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", "passphrase"],
    ["-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "no private key that can be read"],
    ['{"kty":"oct","k":"AAAA"}', "no private key that can be read"],
  ])("that can't be used: exit 4: %s", async (text, sentence) => {
    sandbox.configure(signer({ private_key: "{env:SIGNER}" }));
    expect(expectFailure(await sandbox.run(["get"], { env: { SIGNER: text } }), 4).message).toContain(
      sentence,
    );
  });
});

it("the other commands know such a profile too", async () => {
  sandbox.configure(workload({ subject_token: "{env:SUBJECT}" }));
  const env = { SUBJECT: await provider.trusted.issue() };
  expect(await sandbox.run(["login", "--json"], { env })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"event":"done"'),
  });
  const [status] = JSON.parse((await sandbox.run(["status", "--json"], { env })).stdout);
  expect(status).toMatchObject({ flow: "token_exchange", signed_in: true, has_refresh_token: false });
  expect(await sandbox.run(["refresh"], { env })).toMatchObject({ code: 0, stdout: "" });
  expect(await sandbox.run(["logout"], { env })).toMatchObject({ code: 0, stdout: "" });
  expect(JSON.parse((await sandbox.run(["status", "--json"], { env })).stdout)[0]).toMatchObject({
    signed_in: false,
  });
});

it("config check finds a key that is not there: exit 4", async () => {
  sandbox.configure({
    profiles: {
      llm: {
        issuer: provider.issuer,
        client_id: "s",
        flow: "client_credentials",
        private_key: "{file:none.pem}",
      },
    },
  });
  expect(expectFailure(await sandbox.run(["config", "check"]), 4).message).toContain("none.pem");
});

describe("no secret of these is shown", () => {
  it("by config show, and profiles --json names the files that hold them", async () => {
    sandbox.configure({
      default_profile: "a",
      profiles: {
        a: {
          issuer: "https://id.example.com",
          client_id: "a",
          flow: "client_credentials",
          private_key: "{file:/run/key.pem}",
          client_cert: "{file:/run/client.pem}",
          client_key: "{file:/run/client.key}",
          proxy: "http://user:canary-proxy@proxy.example.com:3128",
        },
        b: { issuer: "https://id.example.com", assertion: "canary-assertion" },
        c: { issuer: "https://id.example.com", subject_token: "{command:print --key canary-argument}" },
        d: { issuer: "https://id.example.com", subject_token: "{file:/run/subject}" },
      },
    });
    const shown = await sandbox.run(["config", "show"]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).not.toContain("canary");
    expect(JSON.parse(shown.stdout).profiles).toMatchObject({
      a: { private_key: "{file:/run/key.pem}", proxy: "http://********@proxy.example.com:3128" },
      b: { assertion: "********", flow: ["jwt_bearer"] },
      c: { subject_token: "{command:print …}", flow: ["token_exchange"] },
      d: { subject_token: "{file:/run/subject}" },
    });
    const facts = JSON.parse((await sandbox.run(["profiles", "--json"])).stdout);
    expect(facts[0].secret_files).toEqual(expect.arrayContaining(["/run/key.pem", "/run/client.key"]));
    expect(facts[3].secret_files).toContain("/run/subject");
  });

  it("in the log at level debug", async () => {
    const token = await provider.trusted.issue();
    sandbox.configure(workload({ subject_token: "{env:SUBJECT}" }));
    const { code, stderr } = await sandbox.run(["get", "--log-level", "debug"], { env: { SUBJECT: token } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const log = readFileSync(sandbox.logFile, "utf8");
    expect(log).toContain("provider answered");
    expect(log).not.toContain(token.split(".")[2]);
  });
});
