import { rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCertificates } from "../support/certificates.js";
import { Sandbox } from "../support/command.js";
import { type LoggingProxy, startLoggingProxy } from "../support/connect-proxy.js";
import { expectFailure } from "../support/failure-shape.js";
import { CLIENTS } from "../support/provider.js";
import { installRuntimes } from "../support/runtimes.js";
import { startTinyproxy, type Tinyproxy, tinyproxyMissing } from "../support/tinyproxy.js";
import { startUnattendedProvider, type UnattendedProvider } from "../support/unattended-provider.js";

const must_run = process.env.OIDC_TOKEN_TEST_NO_SKIP === "1";
const runtimes = installRuntimes();
const HOST = "127.0.0.2";
const why = tinyproxyMissing ? " (left out: tinyproxy is not installed)" : "";

it("runs on Node 20, Node 24 and Bun", ({ skip }) => {
  if (!must_run && runtimes.length < 3) skip("a runtime could not be installed from npm");
  expect(runtimes.map(({ name }) => name)).toEqual(["Node 20", "Node 24", "Bun"]);
});

describe.skipIf(tinyproxyMissing && !must_run).each(runtimes)(
  `a provider with a company's certificate, behind tinyproxy${why}, under $name`,
  ({ path }) => {
    const PASSWORD = "canaryPassword";
    let provider: UnattendedProvider;
    let open: Tinyproxy;
    let guarded: Tinyproxy;
    let sandbox: Sandbox;
    beforeAll(async () => {
      const { ca, server, client } = await createCertificates();
      sandbox = new Sandbox();
      sandbox.configure({});
      const files = { "ca.pem": ca.cert, "client.pem": client.cert, "client.key": client.key };
      for (const [name, text] of Object.entries(files))
        writeFileSync(join(sandbox.configDir, name), text, { mode: 0o600 });
      provider = await startUnattendedProvider({
        // On this machine, and yet none of the hosts that are never asked through a proxy.
        host: HOST,
        tls: { ...server, ca: ca.cert, requestCert: true, rejectUnauthorized: false },
      });
    });
    afterAll(async () => {
      sandbox.dispose();
      await provider.stop();
    });
    beforeEach(async () => {
      open = await startTinyproxy();
      guarded = await startTinyproxy({ user: "ann", password: PASSWORD });
    });
    afterEach(async () => {
      await open.stop();
      await guarded.stop();
    });

    const configure = (values: object) =>
      sandbox.configure({
        profiles: {
          llm: { issuer: provider.issuer, flow: "client_credentials", scope: "api:read", ...values },
        },
      });
    const service = (values: object = {}) => configure({ ...CLIENTS.service, ca_file: "ca.pem", ...values });
    const get = (env: Record<string, string> = {}) =>
      sandbox.run(["refresh", "--log-level", "debug"], { env, runtime: [path], limit: 60_000 });
    const target = () => `${HOST}:${provider.port}`;

    it("through the proxy of the profile", async () => {
      service({ proxy: open.url });
      expect(await get()).toMatchObject({ code: 0 });
      expect(new Set(open.connects())).toEqual(new Set([target()]));
    });

    it.each(["HTTPS_PROXY", "https_proxy"])("through the proxy of %s, with a password", async (name) => {
      service();
      const outcome = await get({ [name]: guarded.url.replace("//", `//ann:${PASSWORD}@`) });
      expect(outcome).toMatchObject({ code: 0 });
      expect(guarded.connects()).toContain(target());
    });

    it("not through it to what NO_PROXY lists", async () => {
      service();
      expect(await get({ HTTPS_PROXY: guarded.url, NO_PROXY: HOST })).toMatchObject({ code: 0 });
      service({ proxy: guarded.url });
      expect(await get({ NO_PROXY: HOST })).toMatchObject({ code: 0 });
      expect(guarded.connects()).toEqual([]);
    });

    it("with a wrong password: exit 4, and the password is not told", async () => {
      service({ proxy: guarded.url.replace("//", "//ann:canaryWrong@") });
      const outcome = await get();
      expect(expectFailure(outcome, 4).message).toContain("wants a user name and a password");
      expect(outcome.stderr).not.toContain("canary");
    });

    it("without ca_file: exit 4, and ca_file is named", async () => {
      configure({ ...CLIENTS.service, proxy: open.url });
      const { message, hint } = expectFailure(await get(), 4);
      expect(message).toContain("TLS certificate that is not trusted");
      expect(hint).toContain("ca_file");
    });

    it("with ca_file and without a proxy", async () => {
      service();
      expect(await get()).toMatchObject({ code: 0 });
    });

    it("with a client certificate in TLS", async () => {
      configure({
        client_id: "certified",
        client_auth: "tls_client_auth",
        client_cert: "{file:client.pem}",
        client_key: "{file:client.key}",
        ca_file: "ca.pem",
        proxy: open.url,
      });
      expect(await get()).toMatchObject({ code: 0 });
      expect(open.connects()).toContain(target());
    });

    it("with a private key that signs", async () => {
      configure({ client_id: "signer", private_key: "{env:SIGNER}", ca_file: "ca.pem", proxy: open.url });
      expect(await get({ SIGNER: provider.signer.pem })).toMatchObject({ code: 0 });
    });

    it("with a token that is traded in", async () => {
      configure({
        flow: "token_exchange",
        client_id: "workload",
        subject_token: "{env:SUBJECT}",
        ca_file: "ca.pem",
        proxy: open.url,
      });
      expect(await get({ SUBJECT: await provider.trusted.issue() })).toMatchObject({ code: 0 });
    });

    it("with a proxy that is down: exit 5", async () => {
      service({ proxy: "http://127.0.0.1:1" });
      const { message } = expectFailure(await get(), 5);
      expect(message).toContain("the proxy 127.0.0.1:1 can't be reached");
    });
  },
);

describe.each(runtimes)("a loopback host, under $name", ({ path }) => {
  let sandbox: Sandbox;
  let proxy: LoggingProxy;
  let api: Server;
  const asked: (string | undefined)[] = [];
  beforeAll(async () => {
    api = createServer((request, response) => {
      asked.push(request.headers.host);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ data: [{ id: "m-1" }], access_token: "canary", token_type: "bearer" }));
    });
    await new Promise<void>((resolve) => void api.listen(0, "127.0.0.1", resolve));
    proxy = await startLoggingProxy();
    sandbox = new Sandbox();
  });
  afterAll(async () => {
    sandbox.dispose();
    await proxy.stop();
    api.closeAllConnections();
    api.close();
  });

  const port = (): number => (api.address() as AddressInfo).port;
  const run = (args: string[], profile: object, env: Record<string, string> = {}) => {
    sandbox.configure({ profiles: { llm: profile } });
    return sandbox.run(args, { env, runtime: [path] });
  };
  const service = (host: string) => ({
    ...CLIENTS.service,
    flow: "client_credentials",
    endpoints: { token_endpoint: `http://${host}:${port()}/token` },
    base_url: `http://${host}:${port()}/v1`,
  });

  it.each(["127.0.0.1", "localhost"])(
    "%s is never asked through a proxy, whatever names it",
    async (host) => {
      const variables = {
        HTTP_PROXY: proxy.url,
        http_proxy: proxy.url,
        HTTPS_PROXY: proxy.url,
        NO_PROXY: "",
      };
      const more = { NODE_USE_ENV_PROXY: "1", ALL_PROXY: proxy.url };
      for (const env of [variables, { ...variables, ...more }]) {
        expect(await run(["refresh"], service(host), env)).toMatchObject({ code: 0 });
        const listed = await run(["models", "--json"], { ...service(host), proxy: proxy.url }, env);
        expect(listed).toMatchObject({ code: 0, stderr: "" });
        rmSync(join(sandbox.home, "cache"), { recursive: true, force: true });
      }
      expect(proxy.seen).toEqual([]);
    },
  );

  it("known as localhost is reached on ::1 where 127.0.0.1 refuses, under its own name", async ({ skip }) => {
    const six = createServer(api.listeners("request")[0] as RequestListener);
    const listening = await new Promise<boolean>((resolve) => {
      six.once("error", () => resolve(false)).listen(0, "::1", () => resolve(true));
    });
    if (!listening) skip("this machine has no ::1");
    const six_port = (six.address() as AddressInfo).port;
    const token_endpoint = `http://localhost:${six_port}/token`;
    for (const values of [{}, { proxy: proxy.url }]) {
      const profile = { ...service("localhost"), endpoints: { token_endpoint }, ...values };
      expect(await run(["refresh"], profile)).toMatchObject({ code: 0 });
      expect(asked.at(-1)).toBe(`localhost:${six_port}`);
    }
    six.closeAllConnections();
    six.close();
  });
});
