import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { checkConfig } from "../../../src/config/check.js";
import { PROJECT_FILE } from "../../../src/config/project-places.js";
import { isOidcTokenError } from "../../../src/errors.js";
import { fuzzCount, randomNumbers } from "../../support/fuzz.js";
import { mutations } from "../../support/mutations.js";

/** Of each kind. */
const INPUTS = fuzzCount(3_400);
const TIME = Math.max(60_000, INPUTS * 6);
const CANARY = "c4nary+Secret/7f3a";
/** Who writes a secret as the name of a key is told the name. */
const AS_A_NAME = /"[^"]*c4nary[^"]*"\s*:/;

/** What lies in the files: the disk would take most of the time. */
const files = vi.hoisted(() => new Map<string, string>());
vi.mock("../../../src/files/read.js", async (original) => ({
  ...(await original<typeof import("../../../src/files/read.js")>()),
  readText: (path: string) => files.get(path),
}));

let home: string;
beforeAll(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "oidc-token-fuzz-")));
  mkdirSync(join(home, "project"));
  writeFileSync(join(home, "project", PROJECT_FILE), "", { mode: 0o600 });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const PROFILE = {
  preset: "keycloak",
  issuer: "https://id.example.com/realms/x",
  flow: ["authorization_code", "device_code"],
  client_id: "cli",
  client_secret: CANARY,
  redirect_uri: "http://localhost:8888/callback",
  scope: "openid offline_access",
  resource: ["https://api.example.com"],
  authorization_params: { prompt: "consent" },
  endpoints: { revocation_endpoint: "https://id.example.com/revoke" },
  refresh_before: "5m",
  base_url: "https://llm.example.com/v1",
  allowed_origins: ["https://llm.example.com"],
  models: { "org/m": { name: "M", limit: { context: 1000 } } },
  proxy: `http://user:${encodeURIComponent(CANARY)}@proxy.example.com:3128`,
};
const OTHERS = {
  key: { flow: "static_key", key: CANARY, header: "x-api-key", timeout: 20 },
  signer: {
    issuer: "https://id.example.com",
    flow: "client_credentials",
    client_id: "x",
    private_key: `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`,
  },
  traded: { issuer: "https://id.example.com", flow: "token_exchange", subject_token: CANARY },
};
const FILE = { default_profile: "work", store: "auto", profiles: { work: PROFILE, ...OTHERS } };
const OURS = { default_profile: "ours", profiles: { ours: PROFILE, ...OTHERS } };

/** Every profile is complete or told to be wrong, in sentences without a secret, which are the answer. */
function check(env: Record<string, string>, input: string, cwd = home): readonly unknown[] {
  const place = {
    env,
    cwd,
    platform: "linux" as const,
    paths: { home, config: join(home, "config"), data: join(home, "data") },
    trust: () => "trusted" as const,
  };
  const said: { sentence: string; hint: string }[] = [];
  try {
    said.push(...checkConfig(place).findings);
  } catch (error) {
    if (!isOidcTokenError(error)) throw error;
    said.push({ sentence: error.message, hint: error.hint });
  }
  for (const { sentence, hint } of said) {
    const text = `${sentence}\n${hint}`;
    if (!/^[^\p{Cc}\u2028-\u202e]{1,5000}\n[^\p{Cc}\u2028-\u202e]{1,5000}$/u.test(text))
      throw new Error(`said ${text}`);
    if (text.includes("c4nary") && !AS_A_NAME.test(input))
      throw new Error(`a secret in: ${text}\nof ${input}`);
  }
  return said;
}

/** The fuzz reaches both ends. */
function expectBoth(fine: number): void {
  expect(fine).toBeGreaterThan(INPUTS / 100);
  expect(fine).toBeLessThan(INPUTS);
}

describe(`${INPUTS} inputs bring no crash and no secret into a message:`, () => {
  it("the configuration", { timeout: TIME }, () => {
    files.set(join(home, "config", "config.jsonc"), JSON.stringify(FILE));
    expect(check({}, "")).toEqual([]);
    const next = mutations(FILE, randomNumbers(11));
    let fine = 0;
    for (let input = 0; input < INPUTS; input += 1) {
      const text = next();
      files.set(join(home, "config", "config.jsonc"), text);
      if (check({}, text).length === 0) fine += 1;
    }
    expectBoth(fine);
  });

  it("a project's file, trusted", { timeout: TIME }, () => {
    files.set(join(home, "config", "config.jsonc"), '{ "profiles": { "mine": { "key": "{keyring}" } } }');
    files.set(join(home, "project", PROJECT_FILE), JSON.stringify(OURS));
    expect(check({}, "", join(home, "project"))).toEqual([]);
    const next = mutations(OURS, randomNumbers(12));
    let fine = 0;
    for (let input = 0; input < INPUTS; input += 1) {
      const text = next();
      files.set(join(home, "project", PROJECT_FILE), text);
      if (check({}, text, join(home, "project")).length === 0) fine += 1;
    }
    expectBoth(fine);
  });

  it("the environment, with a file and without", { timeout: TIME }, () => {
    const { authorization_params, endpoints, models, flow, resource, allowed_origins, ...texts } = PROFILE;
    const values = {
      ...texts,
      ...OTHERS.signer,
      ...{ flow: flow.join(","), resource: resource.join(" "), allowed_origins: allowed_origins.join(" ") },
      ...{ client_auth: "private_key_jwt", ca_file: "/nowhere", assertion: "{command:x y}" },
    };
    const json = [{ authorization_params }, { endpoints }, { models }];
    const random = randomNumbers(13);
    const next = mutations(values, random);
    const damaged = json.map((part) => mutations(Object.values(part)[0], random));
    let fine = 0;
    for (let input = 0; input < INPUTS; input += 1) {
      if (input % 2 === 0) files.set(join(home, "config", "config.jsonc"), JSON.stringify(FILE));
      else files.delete(join(home, "config", "config.jsonc"));
      const at = input % json.length;
      const [name = ""] = Object.keys(json[at] ?? {});
      const env = { ...variables(next()), [`OIDC_TOKEN_${name.toUpperCase()}`]: damaged[at]?.() ?? "" };
      if (check(env, JSON.stringify(env)).length === 0) fine += 1;
    }
    expectBoth(fine);
  });
});

/** The variables of a JSON text, as far as it is one: some half of the keys, so that others come from the file. */
function variables(text: string): Record<string, string> {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    return { OIDC_TOKEN_ISSUER: text };
  }
  if (typeof values !== "object" || values === null) return { OIDC_TOKEN_SCOPE: String(values) };
  const entries = Object.entries(values).filter((_, index) => (text.length + index) % 3 !== 0);
  return Object.fromEntries(
    entries.map(([key, value]) => [`OIDC_TOKEN_${key.toUpperCase()}`, `${value as string}`]),
  );
}
