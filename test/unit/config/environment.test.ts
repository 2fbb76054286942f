import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nearestVariable, unknownVariables } from "../../../src/config/environment.js";
import { PROFILE_KEYS } from "../../../src/config/schema/profile.js";
import { variableOf } from "../../../src/profile.js";
import { failure, PUBLIC_CLIENT, Sandbox } from "./sandbox.js";

const CLIENT = { OIDC_TOKEN_ISSUER: "https://id.example.com", OIDC_TOKEN_CLIENT_ID: "cli" };

const PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

/** A value for every key, as a variable holds it, and what it becomes. */
const EVERY_KEY: Record<string, readonly [text: string, value: unknown]> = {
  preset: ["generic", "generic"],
  issuer: ["https://other.example.com", "https://other.example.com"],
  flow: ["device_code, authorization_code", ["device_code", "authorization_code"]],
  client_id: [" other ", "other"],
  client_secret: ["hunter2", { from: "env", name: "OIDC_TOKEN_CLIENT_SECRET" }],
  client_auth: ["client_secret_post", "client_secret_post"],
  private_key: [PEM, { from: "env", name: "OIDC_TOKEN_PRIVATE_KEY" }],
  private_key_id: ["2026-11", "2026-11"],
  client_assertion_audience: ["token_endpoint", "token_endpoint"],
  client_cert: ["{file:/run/client.pem}", { from: "file", path: "/run/client.pem" }],
  client_key: ["{env:CLIENT_KEY}", { from: "env", name: "CLIENT_KEY" }],
  subject_token: [
    "{command:vault read -field=token 'identity/oidc/token/c i'}",
    { from: "command", argv: ["vault", "read", "-field=token", "identity/oidc/token/c i"] },
  ],
  subject_token_type: ["urn:x:type", "urn:x:type"],
  requested_token_type: ["urn:x:type", "urn:x:type"],
  assertion: ["{github_actions:llm}", { from: "github_actions", audience: "llm" }],
  redirect_uri: ["http://localhost:8888/callback", "http://localhost:8888/callback"],
  scope: ["openid email", "openid email"],
  audience: ["https://api.example.com", "https://api.example.com"],
  resource: [
    "https://a.example.com https://b.example.com",
    ["https://a.example.com", "https://b.example.com"],
  ],
  authorization_params: ['{ "prompt": "consent" }', { prompt: "consent" }],
  token_params: ['{ "tenant": "x" }', { tenant: "x" }],
  endpoints: [
    '{ "token_endpoint": "https://id.example.com/token" }',
    { token_endpoint: "https://id.example.com/token" },
  ],
  dpop: ["true", true],
  id_token: ["ignore", "ignore"],
  refresh_before: ["60", 60],
  key: ["{file:/run/secrets/key}", { from: "file", path: "/run/secrets/key" }],
  header: ["x-api-key", "x-api-key"],
  header_scheme: ["Token", "Token"],
  base_url: ["https://llm.example.com/v1", "https://llm.example.com/v1"],
  api: ["openai, gemini", ["openai", "gemini"]],
  allowed_origins: [
    "https://llm.example.com,https://b.example.com",
    ["https://llm.example.com", "https://b.example.com"],
  ],
  provider: ["llm", "llm"],
  models: ['{ "m": { "name": "M" } }', { m: { name: "M" } }],
  mcp: ["true", true],
  timeout: ["1m", 60],
  ca_file: ["/etc/company-ca.pem", "/etc/company-ca.pem"],
  proxy: ["http://proxy.example.com:3128", "http://proxy.example.com:3128"],
};

/** What must come with a key for the profile to make sense. */
const COMPANIONS: Record<string, Record<string, string>> = {
  allowed_origins: { OIDC_TOKEN_BASE_URL: "https://llm.example.com/v1" },
  client_cert: { OIDC_TOKEN_CLIENT_KEY: "{file:/run/client.key}" },
  client_key: { OIDC_TOKEN_CLIENT_CERT: "{file:/run/client.pem}" },
};

describe("a variable", () => {
  it("exists for every key of a profile but the one whose variable marks an agent's shell", () => {
    expect([...Object.keys(EVERY_KEY), "agent"].sort()).toEqual([...PROFILE_KEYS].sort());
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: { work: PUBLIC_CLIENT } });
    expect(sandbox.load({ env: { OIDC_TOKEN_AGENT: "allow" } }).profile().agent).toBe("refuse");
  });

  it.each(Object.entries(EVERY_KEY))("overrides the file: %s", (key, [text, value]) => {
    const sandbox = new Sandbox();
    sandbox.configure({
      profiles: {
        work: {
          ...PUBLIC_CLIENT,
          flow: "device_code",
          ...(key !== "private_key" && { client_secret: "{keyring}" }),
        },
      },
    });
    const env = { [variableOf(key as (typeof PROFILE_KEYS)[number])]: text, ...COMPANIONS[key] };
    expect(sandbox.load({ env }).profile()).toMatchObject({ [key]: value });
  });

  it.each(Object.entries(EVERY_KEY))("that is empty or blank counts as unset: %s", (key) => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: { work: PUBLIC_CLIENT } });
    const variable = variableOf(key as (typeof PROFILE_KEYS)[number]);
    const without = sandbox.load().profile();
    expect(sandbox.load({ env: { [variable]: "" } }).profile()).toEqual(without);
    expect(sandbox.load({ env: { [variable]: " \t" } }).profile()).toEqual(without);
  });

  it.each([
    ["OIDC_TOKEN_ISSUER", "http://id.example.com", "OIDC_TOKEN_ISSUER must be an https URL"],
    ["OIDC_TOKEN_FLOW", "device_cod", "OIDC_TOKEN_FLOW"],
    ["OIDC_TOKEN_FLOW", ",", "OIDC_TOKEN_FLOW must name at least one flow"],
    ["OIDC_TOKEN_TIMEOUT", "10 s", "OIDC_TOKEN_TIMEOUT must be a whole number of seconds from 1 to 600"],
    ["OIDC_TOKEN_TIMEOUT", "0x10", "OIDC_TOKEN_TIMEOUT must be a whole number of seconds from 1 to 600"],
    [
      "OIDC_TOKEN_REFRESH_BEFORE",
      "-5",
      "OIDC_TOKEN_REFRESH_BEFORE must be a whole number of seconds from 0 to 86400",
    ],
    [
      "OIDC_TOKEN_CLIENT_SECRET",
      "hunter2\n",
      "OIDC_TOKEN_CLIENT_SECRET must not contain control characters or line breaks",
    ],
    [
      "OIDC_TOKEN_CLIENT_SECRET",
      "{env:hunter2",
      "OIDC_TOKEN_CLIENT_SECRET starts with { but does not end with }",
    ],
    ["OIDC_TOKEN_HEADER", "x key", "OIDC_TOKEN_HEADER must be the name of an HTTP header"],
    [
      "OIDC_TOKEN_ALLOWED_ORIGINS",
      "https://a.example.com https://b.example.com/v1",
      "entry 2 of OIDC_TOKEN_ALLOWED_ORIGINS must be an origin",
    ],
    ["OIDC_TOKEN_ENDPOINTS", "https://id.example.com", "OIDC_TOKEN_ENDPOINTS:1:1: this is no JSON value"],
    ["OIDC_TOKEN_ENDPOINTS", "[]", "OIDC_TOKEN_ENDPOINTS must be an object of endpoint URLs"],
    [
      "OIDC_TOKEN_ENDPOINTS",
      '{"tokn_endpoint":"https://x.example.com"}',
      'unknown key "tokn_endpoint" in OIDC_TOKEN_ENDPOINTS',
    ],
    ["OIDC_TOKEN_TOKEN_PARAMS", '{"a":1}', '"a" in OIDC_TOKEN_TOKEN_PARAMS must be a string'],
    [
      "OIDC_TOKEN_TOKEN_PARAMS",
      '{"__proto__":{}}',
      'OIDC_TOKEN_TOKEN_PARAMS:1:2: the key "__proto__" is not allowed',
    ],
    ["OIDC_TOKEN_STORE", "keychain", 'OIDC_TOKEN_STORE must be one of "auto", "keyring", "file"'],
  ])("with nonsense is named: %s=%j", (name, text, message) => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: { work: PUBLIC_CLIENT } });
    const refused = failure(() => sandbox.load({ env: { [name]: text } }).profile());
    expect(refused.kind).toBe("configuration");
    expect(refused.message).toContain(message);
    expect(refused.message + refused.hint).not.toContain("hunter2");
  });

  it("changes only the selected profile", () => {
    const sandbox = new Sandbox();
    sandbox.configure({ default_profile: "a", profiles: { a: PUBLIC_CLIENT, b: PUBLIC_CLIENT } });
    const config = sandbox.load({ env: { OIDC_TOKEN_CLIENT_ID: "mine" } });
    expect(config.profile().client_id).toBe("mine");
    expect(config.profile("a").client_id).toBe("mine");
    expect(config.profile("b").client_id).toBe("cli");
    expect(sandbox.load({ env: { OIDC_TOKEN_CLIENT_ID: "mine" }, profile: "b" }).profile().client_id).toBe(
      "mine",
    );
  });

  it("may take the account with it: another issuer never gets the old token", () => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: { work: PUBLIC_CLIENT } });
    const env = { OIDC_TOKEN_ISSUER: "https://evil.example.com" };
    expect(sandbox.load({ env }).profile().account).not.toBe(sandbox.load().profile().account);
  });
});

describe("with no file at all", () => {
  it("the environment is enough for a profile named default", () => {
    const config = new Sandbox().load({ env: CLIENT });
    expect(config.names).toEqual(["default"]);
    expect(config.profile()).toMatchObject({
      name: "default",
      issuer: "https://id.example.com",
      client_id: "cli",
      flow: ["authorization_code", "device_code"],
      is_default: true,
    });
  });

  it.each([
    [{ profile: "ci", env: CLIENT }, "ci"],
    [{ env: { ...CLIENT, OIDC_TOKEN_PROFILE: "ci" } }, "ci"],
    [{ profile: "toString", env: CLIENT }, "toString"],
  ])("the profile takes the name that is asked for: %j", (options, name) => {
    expect(new Sandbox().load(options).profile().name).toBe(name);
  });

  it("a static key is enough as well", () => {
    const env = { OIDC_TOKEN_KEY: "hunter2", OIDC_TOKEN_BASE_URL: "https://llm.example.com/v1" };
    const profile = new Sandbox().load({ env }).profile();
    expect(profile).toMatchObject({
      flow: ["static_key"],
      key: { from: "env", name: "OIDC_TOKEN_KEY" },
      allowed_origins: ["https://llm.example.com"],
    });
    expect(JSON.stringify(profile)).not.toContain("hunter2");
  });

  it("says which variable is missing", () => {
    expect(
      failure(() => new Sandbox().load({ env: { OIDC_TOKEN_ISSUER: "https://id.example.com" } }).profile()),
    ).toEqual({
      kind: "configuration",
      message: 'profile "default" needs "client_id" for the flow authorization_code',
      hint: 'add "client_id" to the profile, or set OIDC_TOKEN_CLIENT_ID',
    });
  });

  it("refuses a name no profile can have", () => {
    expect(failure(() => new Sandbox().load({ env: CLIENT, profile: "../x" }).profile())).toMatchObject({
      kind: "configuration",
      message: '"../x" (from --profile) cannot be the name of a profile',
    });
  });

  it("takes a relative {file:} from the configuration folder, not from where the command runs", () => {
    const sandbox = new Sandbox();
    const env = { OIDC_TOKEN_KEY: "{file:key.txt}" };
    expect(sandbox.load({ env, cwd: "/" }).profile().key).toEqual({
      from: "file",
      path: join(sandbox.config, "key.txt"),
    });
  });
});

describe("unknownVariables", () => {
  it("finds what looks like one of ours but is not, with the one that was meant", () => {
    const env = {
      ...CLIENT,
      OIDC_TOKEN_CONFIG: "x",
      OIDC_TOKEN_LOG: "debug",
      OIDC_TOKEN_INTERACTIVE: "never",
      OIDC_TOKEN_ISUER: "https://id.example.com",
      OIDC_TOKEN_SOMETHING_ELSE: "1",
      oidc_token_scope: "openid",
      OIDC_TOKEN_EMPTY: "",
      OIDC_TOKENS: "not ours",
      PATH: "/bin",
    };
    const unknown = unknownVariables(env);
    expect(unknown).toEqual(["OIDC_TOKEN_ISUER", "OIDC_TOKEN_SOMETHING_ELSE", "oidc_token_scope"]);
    expect(unknown.map(nearestVariable)).toEqual(["OIDC_TOKEN_ISSUER", undefined, "OIDC_TOKEN_SCOPE"]);
  });
});
