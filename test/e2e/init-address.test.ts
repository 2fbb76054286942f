import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { type DescribedApi, startDescribedApi } from "../support/described-api.js";
import { expectFailure } from "../support/failure-shape.js";
import { CLIENTS, startProvider, type TestProvider } from "../support/provider.js";
import { signIn } from "../support/signed-in.js";

let provider: TestProvider;
let api: DescribedApi;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startProvider({
    settings: (settings) => ({
      ...settings,
      features: {
        ...settings.features,
        registration: { enabled: true, initialAccessToken: false },
        registrationManagement: { enabled: true },
      },
    }),
  });
});
beforeEach(async () => {
  sandbox = new Sandbox();
  api = await startDescribedApi();
});
afterEach(async () => {
  sandbox.dispose();
  await api.stop();
});
afterAll(() => provider.stop());

const profiles = () => JSON.parse(readFileSync(`${sandbox.configDir}/config.jsonc`, "utf8")).profiles;

/** The API's metadata, as its provider has it. */
function describeApi(at: string, change: object = {}): void {
  const document = {
    resource: api.url,
    authorization_servers: [provider.issuer],
    scopes_supported: ["api:read"],
    ...change,
  };
  api.at(at, { document });
}

describe("init with the address of an API", () => {
  it.each([
    ["that its 401 names", "/anywhere", (origin: string) => `Bearer resource_metadata="${origin}/anywhere"`],
    [
      "at the well-known place, its path inserted",
      "/.well-known/oauth-protected-resource/v1",
      () => "Bearer",
    ],
    ["at the well-known place of its host", "/.well-known/oauth-protected-resource", () => undefined],
  ])(
    "finds all by the metadata %s, registers a client, and needs no other word",
    async (_, at, challenge) => {
      describeApi(at);
      api.challenge = challenge(api.origin);
      const outcome = await sandbox.run(["init", api.url]);
      expect(outcome, outcome.stderr).toMatchObject({
        code: 0,
        stdout: `${sandbox.configDir}/config.jsonc\n`,
      });
      expect(profiles()).toEqual({
        default: {
          issuer: provider.issuer,
          client_id: expect.stringMatching(/^[\w-]{20,}$/),
          flow: ["authorization_code", "device_code"],
          redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/),
          scope: "api:read openid offline_access",
          resource: api.url,
          base_url: api.url,
        },
      });
      expect(outcome.stderr).toMatch(/^oidc-token: found at 127\.0\.0\.1:\d+:$/m);
      expect(outcome.stderr).toMatch(/^oidc-token: next: oidc-token login --profile default$/m);
    },
  );

  it("ends, signed in, with a token for that API", async () => {
    describeApi("/.well-known/oauth-protected-resource/v1");
    expect(await sandbox.run(["init", api.url, "--profile", "mine"])).toMatchObject({ code: 0 });
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
    const [who] = JSON.parse((await sandbox.run(["whoami", "--json"])).stdout);
    expect(who).toMatchObject({
      profile: "mine",
      audience: [api.url],
      scope: expect.stringContaining("api:read"),
    });
  });

  it("keeps what registration gave as secret in the store, never in the file", async () => {
    describeApi("/.well-known/oauth-protected-resource/v1");
    await sandbox.run(["init", api.url]);
    const file = readFileSync(`${sandbox.configDir}/config.jsonc`, "utf8");
    expect(file).not.toMatch(/secret|access_token|registration/);
    const { readdirSync } = await import("node:fs");
    const folder = `${sandbox.home}/data/oidc-token/tokens`;
    const kept = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, "utf8"));
    expect(kept.join("\n")).toMatch(/registration_access_token|access_token/);
  });

  it("run again takes the profile it has made, and registers no second client", async () => {
    describeApi("/.well-known/oauth-protected-resource/v1");
    await sandbox.run(["init", api.url]);
    const first = profiles();
    const again = await sandbox.run(["init", api.url]);
    expect(again).toMatchObject({ code: 0, stdout: `${sandbox.configDir}/config.jsonc\n` });
    expect(again.stderr).toMatch(/profile "default" is for 127\.0\.0\.1:\d+ already; --force makes it anew/);
    expect(profiles()).toEqual(first);
    expect(await sandbox.run(["init", api.url, "--force"])).toMatchObject({ code: 0 });
    expect(profiles().default.client_id).not.toBe(first.default.client_id);
  });

  it("takes the client that is given, and registers none", async () => {
    describeApi("/.well-known/oauth-protected-resource/v1");
    const asked = provider.counts["/reg"] ?? 0;
    const { client_id } = CLIENTS.public;
    expect(await sandbox.run(["init", api.url, "--client-id", client_id])).toMatchObject({ code: 0 });
    expect(profiles().default).toMatchObject({ client_id, resource: api.url });
    expect(profiles().default).not.toHaveProperty("redirect_uri");
    expect(provider.counts["/reg"] ?? 0).toBe(asked);
  });

  it("asks the API's own host for a provider where it has no metadata (MCP of March 2025)", async () => {
    const { origin } = api;
    const document = {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      response_types_supported: ["code"],
    };
    api.at("/.well-known/oauth-authorization-server", { document });
    expect(await sandbox.run(["init", api.url, "--client-id", "x"])).toMatchObject({ code: 0 });
    expect(profiles().default).toEqual({
      issuer: origin,
      client_id: "x",
      flow: "authorization_code",
      base_url: api.url,
    });
  });
});

describe("init with the address of a provider", () => {
  it("takes flow and scope from what the provider announces", async () => {
    expect(await sandbox.run(["init", provider.issuer, "--client-id", "x"])).toMatchObject({ code: 0 });
    expect(profiles().default).toEqual({
      issuer: provider.issuer,
      client_id: "x",
      flow: ["authorization_code", "device_code"],
      scope: "openid offline_access",
    });
  });

  it("takes the address of its discovery document as well", async () => {
    const address = `${provider.issuer}/.well-known/openid-configuration`;
    expect(await sandbox.run(["init", address, "--client-id", "x"])).toMatchObject({ code: 0 });
    expect(profiles().default.issuer).toBe(provider.issuer);
  });

  it("says where it looked when there is nothing", async () => {
    const { message, hint } = expectFailure(await sandbox.run(["init", `${api.origin}/nothing`]), 4);
    expect(message).toBe(
      `${new URL(api.origin).host}/nothing does not say how to sign in: it has neither metadata of an API nor a discovery document`,
    );
    expect(hint).toMatch(
      /--issuer https:\/\/… --base-url http.*looked at \S+oauth-protected-resource\/nothing and 5 more: status 404$/,
    );
  });

  it("needs a client where the provider registers none, and says how to get one", async () => {
    const plain = await startProvider();
    const outcome = await sandbox.run(["init", plain.issuer]);
    await plain.stop();
    const { message, hint } = expectFailure(outcome, 2);
    expect(message).toMatch(/registers no client by itself, so it needs --client-id$/);
    expect(hint).toMatch(/^ask who runs it for a client/);
  });

  it("that is gone is told at once", async () => {
    const gone = await startProvider();
    await gone.stop();
    expect(expectFailure(await sandbox.run(["init", gone.issuer]), 5).message).toMatch(
      /refused the connection/,
    );
  });
});

describe("init by options", () => {
  it.each([
    [
      "google without a secret",
      ["--preset", "google", "--client-id", "x"],
      /without the client's secret Google gives no token/,
    ],
  ])("refuses what gets no token: %s", async (_, options, says) => {
    expect(expectFailure(await sandbox.run(["init", ...options]), 2).message).toMatch(says);
  });

  it.each([
    [
      "auth0 without audience",
      ["--issuer", "https://t.auth0.com/"],
      /warning: without the API's identifier.*--audience$/m,
    ],
    [
      "entra without scope",
      ["--issuer", "https://login.microsoftonline.com/t/v2.0"],
      /Microsoft Graph.*--scope$/m,
    ],
  ])("warns of what gets a token of little use: %s", async (_, options, says) => {
    const outcome = await sandbox.run(["init", "--client-id", "x", ...options]);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toMatch(says);
  });

  it("knows Okta by its issuer, and its rules", async () => {
    const issuer = "https://dev-1.okta.com/oauth2/aus1";
    expect(await sandbox.run(["init", "--issuer", issuer, "--client-id", "x"])).toMatchObject({ code: 0 });
    expect(Object.keys(profiles())).toEqual(["okta"]);
  });
});

describe("metadata that is hostile or broken: nothing is sent where it points,", () => {
  const REACHED = "/never";
  /** What would get a token, a code or a registration, were it believed. */
  const trap = (origin: string) => `${origin}${REACHED}`;

  const as_metadata = (change: (origin: string) => object) => (): void =>
    api.at("/.well-known/oauth-protected-resource/v1", {
      document: { resource: api.url, authorization_servers: [api.origin], ...change(api.origin) },
    });
  const as_server = (change: (origin: string) => object) => (): void => {
    as_metadata(() => ({}))();
    api.at("/.well-known/oauth-authorization-server", {
      document: {
        issuer: api.origin,
        authorization_endpoint: `${api.origin}/authorize`,
        token_endpoint: `${api.origin}/token`,
        ...change(api.origin),
      },
    });
  };

  it.each<readonly [string, () => void, number, RegExp]>([
    [
      "metadata on another host",
      () => {
        api.challenge = `Bearer resource_metadata="https://evil.example/meta"`;
      },
      7,
      /names its metadata on another host, evil\.example/,
    ],
    [
      "metadata at a javascript: address",
      () => {
        api.challenge = `Bearer resource_metadata="javascript:alert(1)"`;
      },
      7,
      /names as resource_metadata what no token may be sent to: javascript:alert/,
    ],
    [
      "metadata of another API",
      as_metadata(() => ({ resource: "https://bank.example/v1" })),
      7,
      /is of another API/,
    ],
    ["metadata of a part of it", as_metadata((o) => ({ resource: `${o}/v1/other` })), 7, /is of another API/],
    [
      "a provider over plain http",
      as_metadata(() => ({ authorization_servers: ["http://id.example"] })),
      7,
      /no token may be sent to/,
    ],
    [
      "a provider that is a file",
      as_metadata(() => ({ authorization_servers: ["file:///etc/passwd"] })),
      7,
      /no token may be sent to/,
    ],
    [
      "no provider at all",
      as_metadata(() => ({ authorization_servers: [] })),
      4,
      /names nobody who gives tokens/,
    ],
    [
      "a provider of another name",
      as_server(() => ({ issuer: "https://bank.example" })),
      7,
      /is of another issuer: https:\/\/bank/,
    ],
    [
      "a javascript: token endpoint",
      as_server(() => ({ token_endpoint: "javascript:steal()" })),
      7,
      /token_endpoint/,
    ],
    [
      "a data: authorization endpoint",
      as_server(() => ({ authorization_endpoint: "data:text/html,x" })),
      7,
      /authorization_endpoint/,
    ],
    [
      "plain http endpoints elsewhere",
      as_server(() => ({ token_endpoint: "http://evil.example/t" })),
      7,
      /no token may be sent to/,
    ],
    [
      "an endpoint with a password in it",
      as_server(() => ({ token_endpoint: "https://u:p@evil.example/t" })),
      7,
      /token_endpoint/,
    ],
    [
      "endpoints on another host",
      as_server(() => ({ token_endpoint: "https://evil.example/t" })),
      7,
      /sends sign-ins to other hosts: evil/,
    ],
    [
      "registration on another host",
      as_server(() => ({ registration_endpoint: "https://evil.example/reg" })),
      2,
      /registers no client by itself/,
    ],
    [
      "a redirect in place of metadata",
      () =>
        api.at("/.well-known/oauth-protected-resource/v1", {
          act: (_, response) => response.writeHead(302, { location: trap(api.origin) }).end(),
        }),
      4,
      /does not say whose/,
    ],
    [
      "metadata that names itself in a circle",
      () => {
        as_metadata((origin) => ({ authorization_servers: [`${origin}/v1`] }))();
        const circle = { issuer: `${api.origin}/v1`, authorization_servers: [`${api.origin}/v1`] };
        api.at("/.well-known/oauth-authorization-server/v1", { document: circle });
      },
      4,
      /announces no way to sign in/,
    ],
    [
      "metadata without an end",
      () =>
        api.at("/.well-known/oauth-protected-resource/v1", {
          act: (_, response) => {
            response.writeHead(200);
            const more = (): void => {
              while (!response.destroyed && response.write("x".repeat(65_536)));
              if (!response.destroyed) response.once("drain", more);
            };
            more();
          },
        }),
      7,
      /sent more than 256 kB/,
    ],
    [
      "metadata in drops",
      () =>
        api.at("/.well-known/oauth-protected-resource/v1", {
          act: (_, response) => {
            response.writeHead(200).write("{");
            const timer = setInterval(() => response.write(" "), 500);
            response.once("close", () => clearInterval(timer));
          },
        }),
      4,
      /did not answer within 10 s/,
    ],
  ])("%s", async (_, prepare, code, says) => {
    prepare();
    const outcome = await sandbox.run(["init", api.url], { limit: 25_000 });
    expect(expectFailure(outcome, code).message).toMatch(says);
    expect(api.asked).not.toContain(REACHED);
    expect(api.asked.filter((path) => /authorize|token$|reg/.test(path))).toEqual([]);
    expect(api.asked.length).toBeLessThan(10);
  });
});

describe("a client that is known by a document", () => {
  const DOCUMENT = "https://client.example.test/oidc-token.json";
  let reads: TestProvider;
  beforeAll(async () => {
    reads = await startProvider({
      settings: (settings) => ({
        ...settings,
        // Nothing leaves this machine: the document is where the provider looks for it.
        fetch: async (url) => {
          if (String(url) !== DOCUMENT) return new Response("", { status: 404 });
          return Response.json({
            client_id: DOCUMENT,
            client_name: "oidc-token",
            application_type: "native",
            redirect_uris: ["http://127.0.0.1/callback"],
            grant_types: ["authorization_code", "refresh_token"],
            response_types: ["code"],
            token_endpoint_auth_method: "none",
          });
        },
        features: {
          ...settings.features,
          clientIdMetadataDocument: { enabled: true, ack: "draft-02" },
        },
      }),
    });
  });
  afterAll(() => reads.stop());

  const describeIts = () =>
    describeApi("/.well-known/oauth-protected-resource", { authorization_servers: [reads.issuer] });

  it("signs in where the provider reads such, without being registered", async () => {
    describeIts();
    const outcome = await sandbox.run(["init", api.url, "--client-id", DOCUMENT]);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(profiles().default).toMatchObject({ client_id: DOCUMENT, flow: expect.anything() });
    expect(profiles().default).not.toHaveProperty("client_secret");
    expect(reads.counts["/reg"]).toBeUndefined();
    expect(await signIn(sandbox, ["--flow", "authorization_code"])).toMatchObject({ code: 0 });
    expect((await sandbox.run(["get"])).code).toBe(0);
  });

  it("is named as a way where no client is given and none is registered", async () => {
    describeIts();
    const { hint } = expectFailure(await sandbox.run(["init", api.url]), 2);
    expect(hint).toContain("give the address of a client-id document, which it reads: --client-id https://…");
  });

  it.each([
    "https://client.example.test",
    "https://client.example.test/a#b",
    "https://u@client.example.test/a",
  ])("is refused as %s, and nothing is written", async (client_id) => {
    describeIts();
    const { message } = expectFailure(await sandbox.run(["init", api.url, "--client-id", client_id]), 2);
    expect(message).toContain("is no address of a client-id document");
  });

  it("is taken at its word where the provider does not say that it reads any", async () => {
    describeApi("/.well-known/oauth-protected-resource");
    const outcome = await sandbox.run(["init", api.url, "--client-id", DOCUMENT]);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain("does not say that it reads client-id documents");
  });
});
