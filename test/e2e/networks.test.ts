import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Certificates, createCertificates } from "../support/certificates.js";
import { Sandbox } from "../support/command.js";
import { type ConnectProxy, startConnectProxy } from "../support/connect-proxy.js";
import { expectFailure } from "../support/failure-shape.js";
import { CLIENTS } from "../support/provider.js";
import { startUnattendedProvider, type UnattendedProvider } from "../support/unattended-provider.js";

/** A provider inside the company: its name is known to the proxy only, and its certificate is from the company's CA. */
const HOST = "id.example.test";
const PASSWORD = "canary proxy/password";

let certificates: Certificates;
let provider: UnattendedProvider;
let proxy: ConnectProxy;
let sandbox: Sandbox;
beforeAll(async () => {
  certificates = await createCertificates();
  const { ca, server } = certificates;
  provider = await startUnattendedProvider({
    host: HOST,
    tls: { ...server, ca: ca.cert, requestCert: true, rejectUnauthorized: false },
  });
});
afterAll(() => provider.stop());
beforeEach(async () => {
  proxy = await startConnectProxy();
  sandbox = new Sandbox();
  sandbox.configure({});
  for (const [name, text] of [
    ["ca.pem", certificates.ca.cert],
    ["client.pem", certificates.client.cert],
    ["client.key", certificates.client.key],
    ["other.key", certificates.server.key],
  ] as const)
    writeFileSync(join(sandbox.configDir, name), text, { mode: 0o600 });
});
afterEach(async () => {
  sandbox.dispose();
  await proxy.stop();
});

const service = (values: object = {}) => ({
  profiles: {
    llm: {
      ...CLIENTS.service,
      issuer: provider.issuer,
      flow: "client_credentials",
      scope: "api:read",
      ca_file: "ca.pem",
      ...values,
    },
  },
});
const target = () => `${HOST}:${provider.port}`;

describe("a proxy", () => {
  it("named in the profile carries every request", async () => {
    sandbox.configure(service({ proxy: proxy.url }));
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0, stderr: "" });
    expect(new Set(proxy.asked)).toEqual(new Set([target()]));
  });

  it.each(["HTTPS_PROXY", "https_proxy"])("named in %s does too", async (name) => {
    sandbox.configure(service());
    const url = name === "HTTPS_PROXY" ? proxy.url : proxy.url.replace("http://", "");
    expect(await sandbox.run(["get"], { env: { [name]: url } })).toMatchObject({ code: 0, stderr: "" });
    expect(proxy.asked).toContain(target());
  });

  it("in the profile goes before the variable", async () => {
    sandbox.configure(service({ proxy: proxy.url }));
    const env = { HTTPS_PROXY: "http://127.0.0.1:1" };
    expect(await sandbox.run(["get"], { env })).toMatchObject({ code: 0 });
  });

  it.each([HOST, "*", "other.example.test, .example.test"])(
    "is left aside for what NO_PROXY lists: %s",
    async (NO_PROXY) => {
      sandbox.configure(service());
      const outcome = await sandbox.run(["get"], { env: { HTTPS_PROXY: proxy.url, NO_PROXY } });
      expect(expectFailure(outcome, 5).message).toContain("can't be found by name");
      expect(proxy.asked).toEqual([]);
    },
  );

  it("is never asked for a loopback host, and its refusal breaks nothing", async () => {
    proxy.refuse = 403;
    const endpoints = { token_endpoint: `https://127.0.0.1:${provider.port}/token` };
    sandbox.configure(service({ endpoints, proxy: proxy.url }));
    expect(await sandbox.run(["get"], { env: { HTTPS_PROXY: proxy.url } })).toMatchObject({ code: 0 });
    expect(proxy.asked).toEqual([]);
  });

  it("with user and password gets them, and nobody else does", async () => {
    await using guarded = await startConnectProxy({ user: "ann", password: PASSWORD });
    const url = guarded.url.replace("//", `//ann:${encodeURIComponent(PASSWORD)}@`);
    sandbox.configure(service({ proxy: url }));
    const outcome = await sandbox.run(["get", "--log-level", "debug"]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(sandbox.logFile, "utf8")).not.toContain("canary");

    sandbox.configure(service({ proxy: url.replace("ann", "bob") }));
    const refused = await sandbox.run(["get", "--force-refresh", "--log-level", "debug"]);
    const { message, hint } = expectFailure(refused, 4);
    expect(message).toBe(
      `the proxy ${new URL(guarded.url).host} wants a user name and a password, or does not accept these (407)`,
    );
    expect(hint).toContain("http://user:password@");
    expect(refused.stderr + readFileSync(sandbox.logFile, "utf8")).not.toContain("canary");
  });

  it.each([
    [403, 4, "does not let this program reach"],
    [502, 5, "can't reach"],
  ])("that answers %d: exit %d, and the proxy is named as the one", async (status, code, sentence) => {
    proxy.refuse = status;
    sandbox.configure(service({ proxy: proxy.url }));
    const { message } = expectFailure(await sandbox.run(["get"]), code);
    expect(message).toContain(`the proxy ${new URL(proxy.url).host} ${sentence} ${target()} (${status})`);
  });

  it("that is down: exit 5, and the proxy is named as the one", async () => {
    await proxy.stop();
    sandbox.configure(service());
    const outcome = await sandbox.run(["get"], { env: { HTTPS_PROXY: proxy.url } });
    expect(expectFailure(outcome, 5).message).toBe(
      `the proxy ${new URL(proxy.url).host} can't be reached (ECONNREFUSED)`,
    );
    await using _another = await startConnectProxy();
  });

  it("in a variable that is none: exit 4, and the value is not repeated", async () => {
    sandbox.configure(service());
    const outcome = await sandbox.run(["get"], { env: { HTTPS_PROXY: "socks5://ann:canary@proxy:1080" } });
    expect(expectFailure(outcome, 4).message).toBe("the variable HTTPS_PROXY is no address of an http proxy");
    expect(outcome.stderr).not.toContain("canary");
  });

  it("in the profile that is none: exit 4", async () => {
    sandbox.configure(service({ proxy: "socks5://proxy.example.com" }));
    expect(expectFailure(await sandbox.run(["get"]), 4).message).toContain("must be an http or https URL");
  });
});

describe("a certificate authority of one's own", () => {
  const direct = (values: object = {}) =>
    service({ endpoints: { token_endpoint: `https://127.0.0.1:${provider.port}/token` }, ...values });

  it("is trusted where ca_file names it", async () => {
    sandbox.configure(direct());
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0, stderr: "" });
  });

  it("is not without it: exit 4, with who issued the certificate, and the key that mends it", async () => {
    const { profiles } = direct();
    const { ca_file: _, ...llm } = profiles.llm;
    sandbox.configure({ profiles: { llm } });
    const { message, hint } = expectFailure(await sandbox.run(["get"]), 4);
    expect(message).toContain('has a TLS certificate that is not trusted here, issued by "Company CA"');
    expect(hint).toContain("ca_file");
  });

  it("does not take the place of what the runtime trusts anyway", async () => {
    const other = await createCertificates("Another CA");
    writeFileSync(join(sandbox.configDir, "ca.pem"), other.ca.cert);
    writeFileSync(join(sandbox.home, "extra.pem"), certificates.ca.cert);
    sandbox.configure(direct());
    expectFailure(await sandbox.run(["get"]), 4);
    const env = { NODE_EXTRA_CA_CERTS: join(sandbox.home, "extra.pem") };
    expect(await sandbox.run(["get"], { env })).toMatchObject({ code: 0, stderr: "" });
    const none = { NODE_EXTRA_CA_CERTS: join(sandbox.home, "none.pem") };
    expect(await sandbox.run(["get", "--force-refresh"], { env: none })).toMatchObject({ code: 4 });
  });

  it.each([
    ["is not there", { ca_file: "none.pem" }, "cannot be read"],
    ["is a key", { ca_file: "client.key" }, "holds no certificate"],
  ])("in a file that %s: exit 4", async (_, values, sentence) => {
    sandbox.configure(direct(values));
    expect(expectFailure(await sandbox.run(["get"]), 4).message).toContain(sentence);
  });

  it("a name that the certificate is not for: exit 4", async () => {
    sandbox.configure(service({ issuer: `https://wrong.example.test:${provider.port}`, proxy: proxy.url }));
    const { message } = expectFailure(await sandbox.run(["get"]), 4);
    expect(message).toContain("has a TLS certificate for another name");
  });

  it("is wanted though NODE_TLS_REJECT_UNAUTHORIZED=0 turns the check off, except of loopback hosts", async () => {
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    const { ca_file: _, ...llm } = service({ proxy: proxy.url }).profiles.llm;
    sandbox.configure({ profiles: { llm } });
    const { code, stderr } = await sandbox.run(["get"], { env });
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining("not trusted here") });
    const { ca_file: __, ...near } = direct().profiles.llm;
    sandbox.configure({ profiles: { llm: near } });
    expect(await sandbox.run(["get"], { env })).toMatchObject({ code: 0 });
  });

  it("is of no use on a port that speaks no TLS: exit 4, and that is said", async () => {
    await using plain = await startConnectProxy();
    sandbox.configure(service({ endpoints: { token_endpoint: plain.url.replace("http:", "https:") } }));
    const { message, hint } = expectFailure(await sandbox.run(["get"]), 4);
    expect(message).toContain("does not speak TLS on this port");
    expect(hint).toContain("port");
  });
});

describe("a client certificate", () => {
  const certified = (values: object = {}) => {
    const { client_secret: _, ...llm } = service().profiles.llm;
    return {
      profiles: {
        llm: {
          ...llm,
          client_id: "certified",
          client_auth: "tls_client_auth",
          client_cert: "{file:client.pem}",
          client_key: "{file:client.key}",
          proxy: proxy.url,
          ...values,
        },
      },
    };
  };

  it("proves the client, through the proxy", async () => {
    sandbox.configure(certified());
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0, stderr: "" });
    expect(proxy.asked).toContain(target());
    expect(provider.exchanges.at(-1)?.asked).toMatchObject({ client_id: "certified" });
  });

  it("of somebody else: exit 7", async () => {
    const other = await createCertificates("Another CA");
    writeFileSync(join(sandbox.configDir, "client.pem"), other.client.cert);
    writeFileSync(join(sandbox.configDir, "client.key"), other.client.key);
    sandbox.configure(certified());
    expectFailure(await sandbox.run(["get"]), 7);
  });

  it.each([
    ["and a key that is not its own", { client_key: "{file:other.key}" }, "cannot be used together"],
    ["that is none", { client_cert: "{file:client.key}" }, "cannot be used together"],
    ["without a key", { client_key: undefined }, 'has "client_cert" but no "client_key"'],
    ["written as a bare path", { client_cert: "~/client.pem" }, "must say where the key or certificate is"],
  ])("%s: exit 4", async (_, values, sentence) => {
    sandbox.configure(certified(values));
    expect(expectFailure(await sandbox.run(["get"]), 4).message).toContain(sentence);
  });
});

it("models asks the gateway the same way", async () => {
  const { ca, server } = certificates;
  const asked: (string | undefined)[] = [];
  const gateway = createServer({ ...server, ca: ca.cert }, (request, response) => {
    asked.push(request.headers.authorization?.slice(0, 10));
    response.end(JSON.stringify({ data: [{ id: "m-1" }] }));
  });
  await new Promise<void>((resolve) => void gateway.listen(0, "127.0.0.1", resolve));
  const { port } = gateway.address() as AddressInfo;
  sandbox.configure(service({ proxy: proxy.url, base_url: `https://${HOST}:${port}/v1` }));
  const outcome = await sandbox.run(["models", "--json"]);
  gateway.closeAllConnections();
  gateway.close();
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(outcome.stdout)).toEqual([{ id: "m-1" }]);
  expect(asked).toEqual(["Bearer eyJ"]);
  expect(proxy.asked).toContain(`${HOST}:${port}`);
});
