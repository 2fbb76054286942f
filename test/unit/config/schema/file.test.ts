import { describe, expect, it } from "vitest";
import { failure, PUBLIC_CLIENT, Sandbox } from "../sandbox.js";

const FILE = "~/.config/oidc-token/config.jsonc";

/** The failure of a profile `oci` with these keys, each on a line of its own from line 4 on. */
function refusal(profile: unknown) {
  const sandbox = new Sandbox();
  sandbox.configure({ profiles: { oci: profile } });
  return failure(() => sandbox.load(), sandbox);
}

describe("an unknown key", () => {
  it.each([
    ["cleint_id", 'did you mean "client_id"?'],
    ["clientId", 'did you mean "client_id"?'],
    ["client-secret", 'did you mean "client_secret"?'],
    ["scopes", 'did you mean "scope"?'],
    ["flows", 'did you mean "flow"?'],
    ["baseURL", 'did you mean "base_url"?'],
    ["default_profile", "put it at the top of the file, outside the profiles"],
    ["token_endpoint", 'put it into "endpoints" of the profile'],
    ["colour_of_the_sky", "`oidc-token config schema` describes every key"],
    ["x", "`oidc-token config schema` describes every key"],
  ])("%s in a profile is refused with its place and the nearest right name", (key, hint) => {
    expect(refusal({ client_id: "x", [key]: "y" })).toEqual({
      kind: "configuration",
      message: `${FILE}:5:7: unknown key "${key}" in profile "oci"`,
      hint,
    });
  });

  it("at the top is refused, with the place it belongs to", () => {
    const sandbox = new Sandbox();
    sandbox.configure({ issuer: "https://id.example.com" });
    expect(failure(() => sandbox.load(), sandbox)).toMatchObject({
      message: `${FILE}:2:3: unknown key "issuer" in the configuration`,
      hint: 'put it into a profile, under "profiles"',
    });
    sandbox.configure({ profile: {} });
    expect(failure(() => sandbox.load(), sandbox).hint).toBe('did you mean "profiles"?');
    sandbox.configure({ colours: {} });
    expect(failure(() => sandbox.load(), sandbox).hint).toBe(
      'the keys here are "$schema", "default_profile", "store", "profiles"',
    );
  });

  it("in endpoints is refused with the names there are", () => {
    expect(refusal({ endpoints: { token: "https://id.example.com/token" } })).toMatchObject({
      message: `${FILE}:5:9: unknown key "token" in "endpoints" in profile "oci"`,
      hint: expect.stringContaining('"token_endpoint"'),
    });
  });

  it("that comes first in the file is the one that is told, before a wrong value further down", () => {
    const sandbox = new Sandbox();
    sandbox.configure('{ "profiles": { "a": { "typo": 1, "issuer": 5 } }, "store": 7 }');
    expect(failure(() => sandbox.load(), sandbox).message).toBe(
      `${FILE}:1:24: unknown key "typo" in profile "a"`,
    );
    sandbox.configure('{ "profiles": { "a": { "issuer": 5, "typo": 1 } }, "store": 7 }');
    expect(failure(() => sandbox.load(), sandbox).message).toBe(
      `${FILE}:1:34: "issuer" in profile "a" must be a string`,
    );
  });
});

const HTTPS_ONLY = "plain http is only for this machine: 127.0.0.1, [::1] or localhost";

describe("a wrong value", () => {
  it.each([
    ["issuer", 5, "must be a string", "write it in double quotes"],
    ["issuer", null, "must be a string", undefined],
    ["issuer", ["https://id.example.com"], "must be a string", undefined],
    ["issuer", "id.example.com", "must be a URL", "write it in full, as in https://id.example.com"],
    ["issuer", "", "must be a URL", undefined],
    ["issuer", "https:/id.example.com", "must be a URL", undefined],
    ["issuer", "https://", "must be a URL", undefined],
    ["issuer", " https://id.example.com", "must be a URL", undefined],
    ["issuer", "https://id.example.com\\x", "must be a URL", undefined],
    ["issuer", "https://<your-domain>", "still holds a placeholder in < >", "put the real name in its place"],
    ["issuer", "http://id.example.com", "must be an https URL", HTTPS_ONLY],
    ["issuer", "http://localhost.example.com", "must be an https URL", HTTPS_ONLY],
    ["issuer", "http://127.0.0.2", "must be an https URL", HTTPS_ONLY],
    ["issuer", "ftp://localhost", "must be an https URL", undefined],
    ["issuer", "javascript://localhost/%0aalert(1)", "must be an https URL", undefined],
    ["issuer", "https://user:hunter2@id.example.com", "must not hold a user name or password", undefined],
    ["issuer", "https://id.example.com/#x", "must not have a fragment", undefined],
    ["issuer", "https://*.example.com", "must not hold a wildcard", "write the host in full"],
    ["base_url", "http://llm.example.com/v1", "must be an https URL", HTTPS_ONLY],
    [
      "flow",
      "device_cod",
      'must be one of "authorization_code", "device_code", "client_credentials", "token_exchange", "jwt_bearer", "static_key"',
      'did you mean "device_code"?',
    ],
    ["flow", "sign me in", expect.stringContaining("must be one of"), "write one of these, or leave it out"],
    [
      "flow",
      1,
      "must be a string or a list of strings",
      "write it in double quotes, several in [ ] with commas between",
    ],
    ["flow", {}, "must be a string or a list of strings", undefined],
    ["flow", [], "must name at least one flow", undefined],
    ["client_id", "", "must not be empty", "give it a value or leave the key out"],
    ["client_id", "a\nb", "must not contain control characters or line breaks", undefined],
    ["client_id", 12345, "must be a string", undefined],
    [
      "client_auth",
      "basic",
      'must be one of "client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "none"',
      undefined,
    ],
    [
      "client_auth",
      "client_secret_jwt",
      expect.stringContaining("must be one of"),
      'did you mean "client_secret_post"?',
    ],
    ["client_secret", "", "must not be empty", undefined],
    [
      "client_secret",
      "hunter2\n",
      "must not contain control characters or line breaks",
      "look for a stray line break at its end",
    ],
    [
      "client_secret",
      "{env:}",
      "must name an environment variable after {env:",
      "write the bare name without $, as in {env:LLM_API_KEY}",
    ],
    ["client_secret", "{env:$X}", "must name an environment variable after {env:", undefined],
    ["client_secret", "{file:}", "must name a file after {file:", undefined],
    ["client_secret", "{fiel:hunter2}", "is no reference to a secret that is known here", undefined],
    ["client_secret", "{env:X", "starts with { but does not end with }", undefined],
    [
      "client_secret",
      "Bearer {env:X}",
      "mixes a reference with other text",
      "write {env:NAME}, {file:~/path} or {keyring} and nothing around it",
    ],
    ["client_secret", { env: "X" }, "must be a string", undefined],
    ["key", "{keyrign}", "is no reference to a secret that is known here", undefined],
    [
      "redirect_uri",
      "https://localhost/callback",
      "must be an http URL on this machine: 127.0.0.1, [::1] or localhost",
      undefined,
    ],
    [
      "redirect_uri",
      "http://app.example.com/callback",
      "must be an http URL on this machine: 127.0.0.1, [::1] or localhost",
      undefined,
    ],
    [
      "redirect_uri",
      "http://localhost:8943",
      "must have a path",
      'write "http://localhost:8943/callback", or "http://localhost:8943/", and register the same at the provider',
    ],
    [
      "redirect_uri",
      "http://localhost:0/callback",
      "must not have port 0",
      "leave the port out: a free one is taken then",
    ],
    ["redirect_uri", "http://localhost:70000/callback", "must be a URL", undefined],
    ["redirect_uri", "http://localhost/callback?x=1", "must have no user name, query or fragment", undefined],
    ["redirect_uri", "localhost:8888/callback", "must be a URL", undefined],
    ["scope", "", "must be scopes with a space between them", undefined],
    ["scope", "openid\tprofile", "must be scopes with a space between them", undefined],
    ["scope", 'a"b', "must be scopes with a space between them", undefined],
    ["scope", ["openid"], "must be a string", undefined],
    ["audience", "a\u0000b", "must not contain control characters or line breaks", undefined],
    ["resource", "api", "must be an absolute URI without a fragment", undefined],
    ["resource", "https://api.example.com/#x", "must be an absolute URI without a fragment", undefined],
    ["preset", "azure", expect.stringContaining("must be one of"), 'did you mean "entra"?'],
    ["preset", "keyclock", expect.stringContaining("must be one of"), 'did you mean "keycloak"?'],
    ["flow", "device", expect.stringContaining("must be one of"), 'did you mean "device_code"?'],
    ["flow", "pkce", expect.stringContaining("must be one of"), 'did you mean "authorization_code"?'],
    ["refresh_before", "25h", "must be a whole number of seconds from 0 to 86400", undefined],
    ["timeout", "0s", "must be a whole number of seconds from 1 to 600", undefined],
    ["timeout", "", "must be a whole number of seconds from 1 to 600", undefined],
    ["id_token", "verfy", 'must be one of "verify", "ignore"', 'did you mean "verify"?'],
    ["refresh_before", "300", "must be a whole number of seconds from 0 to 86400", undefined],
    ["refresh_before", -1, "must be a whole number of seconds from 0 to 86400", undefined],
    ["refresh_before", 1.5, "must be a whole number of seconds from 0 to 86400", undefined],
    ["timeout", 0, "must be a whole number of seconds from 1 to 600", undefined],
    ["timeout", 1e9, "must be a whole number of seconds from 1 to 600", undefined],
    ["header", "x-api-key:", "must be the name of an HTTP header", undefined],
    ["header", "x api key", "must be the name of an HTTP header", undefined],
    ["header", "", "must be the name of an HTTP header", undefined],
    ["header", "x-key\r\nHost", "must be the name of an HTTP header", undefined],
    ["header_scheme", "Bearer\r\nHost: x", "must not contain control characters or line breaks", undefined],
    [
      "allowed_origins",
      "https://llm.example.com/v1",
      "must be an origin: scheme, host and port, without a path",
      'write "https://llm.example.com"',
    ],
    [
      "allowed_origins",
      "https://llm.example.com?",
      "must be an origin: scheme, host and port, without a path",
      undefined,
    ],
    ["allowed_origins", "https://*.example.com", "must not hold a wildcard", undefined],
    ["allowed_origins", "*", "must be a URL", undefined],
    ["allowed_origins", "null", "must be a URL", undefined],
    ["allowed_origins", {}, "must be a string or a list of strings", undefined],
    ["provider", "a/b", "must be letters, digits, dots, underscores and hyphens, at most 64", undefined],
    ["endpoints", [], "must be an object of endpoint URLs", undefined],
    ["endpoints", "https://id.example.com", "must be an object of endpoint URLs", undefined],
    [
      "authorization_params",
      ["a"],
      "must be an object of strings, a parameter's name before each",
      undefined,
    ],
    ["models", [], "must be an object, a model's id before each entry", undefined],
    ["models", ["gpt"], "must be an object, a model's id before each entry", undefined],
  ])("%s: %j is refused: %s", (key, value, sentence, hint) => {
    const refused = refusal({ [key]: value });
    const prefix = `${FILE}:4:${key.length + 11}: "${key}" in profile "oci" `;
    expect(refused.kind).toBe("configuration");
    expect(refused.message.slice(0, prefix.length)).toBe(prefix);
    expect(refused.message.slice(prefix.length)).toEqual(sentence);
    expect(refused.hint).toEqual(hint ?? expect.stringMatching(/./));
    expect(refused.message + refused.hint).not.toContain("hunter2");
  });

  it.each([
    [{ flow: ["device_code", "device"] }, '"flow[1]" in profile "oci" must be one of "authorization_code"'],
    [{ resource: ["https://a.example", "b"] }, '"resource[1]" in profile "oci" must be an absolute URI'],
    [
      { allowed_origins: ["https://a.example", "http://b.example"] },
      '"allowed_origins[1]" in profile "oci" must be an https URL',
    ],
    [
      { endpoints: { token_endpoint: "http://id.example.com" } },
      '"endpoints.token_endpoint" in profile "oci" must be an https URL',
    ],
    [{ token_params: { a: 1 } }, '"token_params.a" in profile "oci" must be a string'],
    [
      { token_params: { client_secret: "hunter2" } },
      'the name "client_secret" in "token_params" in profile "oci" is a parameter this program sets itself',
    ],
    [{ authorization_params: { code_challenge_method: "plain" } }, "is a parameter this program sets itself"],
    [
      { authorization_params: { "": "x" } },
      'the name "" in "authorization_params" in profile "oci" must not be empty',
    ],
    [{ models: { m: [] } }, '"models.m" in profile "oci" must be an object with what is known of the model'],
    [
      { models: { m: { limit: { context: "1" } } } },
      '"models.m.limit.context" in profile "oci" must be a number',
    ],
    [
      { models: { m: { limit: 5 } } },
      '"models.m.limit" in profile "oci" must be an object with "context" and "output"',
    ],
    [[], 'profile "oci" must be an object'],
    ["https://id.example.com", 'profile "oci" must be an object'],
  ])("further in is named by its path: %j", (profile, sentence) => {
    const { message } = refusal(profile);
    expect(message).toContain(sentence);
    expect(message).not.toContain("hunter2");
  });

  it.each([
    [{ store: "keychain" }, `${FILE}:2:12: "store" must be one of "auto", "keyring", "file"`],
    [{ default_profile: 1 }, `${FILE}:2:22: "default_profile" must be a string`],
    [
      { profiles: [PUBLIC_CLIENT] },
      `${FILE}:2:15: "profiles" must be an object, a profile's name before each entry`,
    ],
    [
      { profiles: { "my work": {} } },
      `${FILE}:3:5: the name "my work" in "profiles" must start with a letter or digit`,
    ],
    [{ profiles: { "../x": {} } }, `${FILE}:3:5: the name "../x" in "profiles" must start with`],
    [{ profiles: { "-p": {} } }, `${FILE}:3:5: the name "-p" in "profiles" must start with`],
    [{ profiles: { ["a".repeat(65)]: {} } }, "must start with a letter or digit and go on with"],
  ])("at the top is refused with its place: %j", (content, message) => {
    const sandbox = new Sandbox();
    sandbox.configure(content);
    expect(failure(() => sandbox.load(), sandbox).message).toContain(message);
  });
});

describe("a right value", () => {
  it.each([
    ["issuer", "https://id.example.com/"],
    ["issuer", "http://localhost:9000"],
    ["issuer", "http://127.0.0.1:9000/x"],
    ["issuer", "http://[::1]:9000"],
    ["redirect_uri", "http://localhost:8888/callback"],
    ["redirect_uri", "http://localhost/"],
    ["redirect_uri", "http://[::1]:8888/a/b"],
    ["audience", "https://api.example.com/"],
    ["header_scheme", ""],
    ["refresh_before", 0],
    ["timeout", 600],
    ["id_token", "ignore"],
    ["models", { "org/model-1": { name: "One", limit: { context: 128000, output: 4096 }, tool_call: true } }],
  ])("%s: %j is taken as it stands", (key, value) => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: { oci: { ...PUBLIC_CLIENT, [key]: value } } });
    expect(sandbox.load().profile()).toMatchObject({ [key]: value });
  });

  it.each([
    ["flow", "device_code", ["device_code"]],
    ["timeout", "90s", 90],
    ["refresh_before", "1h30m", 5400],
    ["flow", ["device_code", "device_code"], ["device_code"]],
    ["resource", "api://gateway", ["api://gateway"]],
    ["scope", " openid  offline_access ", "openid offline_access"],
    ["header_scheme", "Bearer ", "Bearer"],
    ["allowed_origins", "https://LLM.example.com:443/", ["https://llm.example.com"]],
  ])("%s: %j becomes %j", (key, value, expected) => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: { oci: { ...PUBLIC_CLIENT, [key]: value } } });
    expect(sandbox.load().profile()).toMatchObject({ [key]: expected });
  });
});
