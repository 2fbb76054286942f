import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failure, PUBLIC_CLIENT, Sandbox } from "./sandbox.js";

const FILE = "~/.config/oidc-token/config.jsonc";

function profileOf(values: object) {
  const sandbox = new Sandbox();
  sandbox.configure({ profiles: { work: values } });
  return sandbox.load().profile();
}

describe("defaults", () => {
  it("are applied to what is not set", () => {
    expect(profileOf({ ...PUBLIC_CLIENT, base_url: "https://LLM.example.com:8443/v1?x=1" })).toEqual({
      name: "work",
      account: expect.stringMatching(/^work-[0-9a-f]{32}$/),
      store: "auto",
      is_default: true,
      issuer: "https://id.example.com",
      client_id: "cli",
      flow: ["authorization_code", "device_code"],
      resource: [],
      authorization_params: {},
      token_params: {},
      endpoints: {},
      id_token: "verify",
      refresh_before: 300,
      header: "Authorization",
      header_scheme: "Bearer",
      base_url: "https://LLM.example.com:8443/v1?x=1",
      allowed_origins: ["https://llm.example.com:8443"],
      provider: "work",
      agent: "refuse",
      mcp: false,
      models: {},
      api: ["openai"],
      preset: "generic",
      timeout: 10,
    });
  });

  it.each([
    [{ header: "authorization" }, "Bearer"],
    [{ header: "x-api-key" }, ""],
    [{ header: "x-api-key", header_scheme: "Key" }, "Key"],
    [{ header_scheme: "" }, ""],
  ])("of header_scheme depend on the header: %j", (values, header_scheme) => {
    expect(profileOf({ ...PUBLIC_CLIENT, ...values }).header_scheme).toBe(header_scheme);
  });

  const AUTHORIZE = {
    authorization_endpoint: "https://id.example.com/a",
    token_endpoint: "https://id.example.com/t",
  };
  const DEVICE = {
    device_authorization_endpoint: "https://id.example.com/d",
    token_endpoint: "https://id.example.com/t",
  };
  it.each([
    [PUBLIC_CLIENT, ["authorization_code", "device_code"]],
    [{ key: "{env:X}" }, ["static_key"]],
    [{ client_id: "cli", endpoints: DEVICE }, ["device_code"]],
    [{ client_id: "cli", endpoints: { ...AUTHORIZE, ...DEVICE } }, ["authorization_code", "device_code"]],
  ])("of flow depend on what is there: %j", (values, flow) => {
    expect(profileOf(values).flow).toEqual(flow);
  });

  it("ask for a static key at login", () => {
    expect(profileOf({ flow: "static_key" }).key).toEqual({ from: "keyring" });
  });

  it("allow no origin where there is no base_url", () => {
    expect(profileOf(PUBLIC_CLIENT).allowed_origins).toEqual([]);
    expect(profileOf({ ...PUBLIC_CLIENT, allowed_origins: "https://a.example.com" }).allowed_origins).toEqual(
      ["https://a.example.com"],
    );
  });
});

describe("a profile", () => {
  it("can't be changed, however deep", () => {
    const profile = profileOf({
      ...PUBLIC_CLIENT,
      models: { m: { limit: { context: 1 }, modalities: ["text"] } },
    });
    const frozen = (value: unknown): boolean =>
      typeof value !== "object" ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(profile)).toBe(true);
  });

  const NOTHING = 'says neither where to sign in ("issuer") nor which key to use ("key")';
  it.each([
    [
      {},
      NOTHING,
      'add "issuer" to the profile, or set OIDC_TOKEN_ISSUER, or add "key" to the profile, or set OIDC_TOKEN_KEY',
    ],
    [{ client_id: "cli" }, NOTHING, undefined],
    [
      { issuer: "https://id.example.com" },
      'needs "client_id" for the flow authorization_code',
      'add "client_id" to the profile, or set OIDC_TOKEN_CLIENT_ID',
    ],
    [
      { issuer: "https://id.example.com", flow: "device_code" },
      'needs "client_id" for the flow device_code',
      undefined,
    ],
    [
      { client_id: "cli", flow: "authorization_code" },
      'needs "issuer" for the flow authorization_code',
      'add "issuer" to the profile, or set OIDC_TOKEN_ISSUER; a provider without discovery needs "authorization_endpoint" and "token_endpoint" in "endpoints" instead',
    ],
    [
      { client_id: "cli", flow: "device_code", endpoints: { token_endpoint: "https://id.example.com/t" } },
      'needs "issuer" for the flow device_code',
      'add "issuer" to the profile, or set OIDC_TOKEN_ISSUER; a provider without discovery needs "device_authorization_endpoint" in "endpoints" instead',
    ],
    [
      { client_id: "cli", client_secret: "{keyring}", flow: "client_credentials" },
      'needs "issuer" for the flow client_credentials',
      undefined,
    ],
    [
      { ...PUBLIC_CLIENT, flow: "client_credentials" },
      'needs "client_secret" for the flow client_credentials',
      'add "client_secret" to the profile, or set OIDC_TOKEN_CLIENT_SECRET; a client without a secret needs "private_key", or "client_cert" and "client_key"',
    ],
    [
      { ...PUBLIC_CLIENT, flow: ["static_key", "device_code"] },
      'lists "static_key" beside other flows',
      undefined,
    ],
    [
      { ...PUBLIC_CLIENT, key: "{keyring}" },
      'has both "issuer" and "key", so "flow" must say which of them counts',
      undefined,
    ],
    [
      { ...PUBLIC_CLIENT, client_auth: "client_secret_post" },
      'needs "client_secret" for "client_auth": "client_secret_post"',
      undefined,
    ],
    [
      { ...PUBLIC_CLIENT, client_auth: "private_key_jwt" },
      'needs "private_key" for "client_auth": "private_key_jwt"',
      'add "private_key" to the profile, or set OIDC_TOKEN_PRIVATE_KEY',
    ],
    [
      { ...PUBLIC_CLIENT, client_auth: "tls_client_auth" },
      'needs "client_cert" for "client_auth": "tls_client_auth"',
      undefined,
    ],
    [
      { ...PUBLIC_CLIENT, private_key: "{env:K}", client_secret: "{env:X}" },
      'has both "client_secret" and "private_key"',
      undefined,
    ],
    [
      { ...PUBLIC_CLIENT, private_key: "{env:K}", client_auth: "none" },
      'has a "private_key", but "client_auth" is "none", which sends no secret',
      undefined,
    ],
    [
      { ...PUBLIC_CLIENT, client_cert: "{env:C}" },
      'has "client_cert" but no "client_key"',
      'add "client_key" to the profile, or set OIDC_TOKEN_CLIENT_KEY',
    ],
    [
      { ...PUBLIC_CLIENT, flow: "token_exchange" },
      'needs "subject_token" for the flow token_exchange',
      undefined,
    ],
    [{ ...PUBLIC_CLIENT, flow: "jwt_bearer" }, 'needs "assertion" for the flow jwt_bearer', undefined],
    [
      { ...PUBLIC_CLIENT, subject_token: "{env:T}", assertion: "{env:T}" },
      'has both "subject_token" and "assertion", so "flow" must say which of them counts',
      undefined,
    ],
    [
      { ...PUBLIC_CLIENT, client_auth: "none", client_secret: "{env:X}" },
      'has a "client_secret", but "client_auth" is "none", which sends no secret',
      undefined,
    ],
    [
      { ...PUBLIC_CLIENT, base_url: "https://a.example.com/v1", allowed_origins: ["https://b.example.com"] },
      'does not list the origin of its own "base_url" in "allowed_origins"',
      'add "https://a.example.com" to "allowed_origins", or leave that key out',
    ],
    [
      { ...PUBLIC_CLIENT, base_url: "https://a.example.com/v1", allowed_origins: [] },
      'does not list the origin of its own "base_url" in "allowed_origins"',
      undefined,
    ],
  ])("that can't work is refused: %j", (values, sentence, hint) => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: { work: values } });
    const refused = failure(() => sandbox.load().profile(), sandbox);
    expect(refused).toMatchObject({
      kind: "configuration",
      message: `${FILE}:3:5: profile "work" ${sentence}`,
    });
    if (hint !== undefined) expect(refused.hint).toBe(hint);
  });

  it("does not suffer from another one that can't work", () => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: { work: PUBLIC_CLIENT, unfinished: {} } });
    expect(sandbox.load({ profile: "work" }).profile().name).toBe("work");
  });

  it.each([
    [{ ...PUBLIC_CLIENT, flow: "client_credentials", client_secret: "{env:X}" }],
    [
      {
        client_id: "cli",
        client_secret: "{env:X}",
        flow: "client_credentials",
        endpoints: { token_endpoint: "https://id.example.com/t" },
      },
    ],
    [{ flow: "static_key", key: "{file:~/key}", issuer: "https://id.example.com" }],
    [{ ...PUBLIC_CLIENT, client_auth: "none" }],
  ])("that can work is taken: %j", (values) => {
    expect(profileOf(values).account).toMatch(/^work-/);
  });

  it("has its secret files beside the configuration file, in the home folder, or where they are", () => {
    const sandbox = new Sandbox();
    const at = (path: string) => {
      sandbox.write("~/etc/c.jsonc", { profiles: { work: { key: `{file:${path}}` } } });
      return sandbox.load({ config: "~/etc/c.jsonc", cwd: "/" }).profile().key;
    };
    expect(at("key.txt")).toEqual({ from: "file", path: join(sandbox.home, "etc/key.txt") });
    expect(at("../key.txt")).toEqual({ from: "file", path: join(sandbox.home, "key.txt") });
    expect(at("~/key.txt")).toEqual({ from: "file", path: join(sandbox.home, "key.txt") });
    expect(at("/run/key")).toEqual({ from: "file", path: "/run/key" });
    expect(at("~other/key")).toEqual({ from: "file", path: join(sandbox.home, "etc/~other/key") });
  });
});
