import { describe, expect, it } from "vitest";
import { accountOf, type Identity } from "../../../src/config/identity.js";

const PROFILE: Identity = {
  name: "work",
  flow: ["authorization_code", "device_code"],
  issuer: "https://id.example.com",
  client_id: "cli",
  scope: "openid offline_access",
  resource: ["https://a.example.com", "https://b.example.com"],
  endpoints: {},
};
const KEY: Identity = {
  name: "ci",
  flow: ["static_key"],
  resource: [],
  endpoints: {},
  key: { from: "env", name: "LLM_KEY" },
  base_url: "https://llm.example.com/v1",
};

describe("the account of a profile", () => {
  it("never changes by itself: stored tokens hang on it", () => {
    expect(accountOf(PROFILE)).toBe("work-45dbc00fa98644cca91c64edbbe2c033");
    expect(accountOf(KEY)).toBe("ci-537d63748f7dc63d36330a09ad251efa");
  });

  it.each<[string, Partial<Identity>]>([
    ["name", { name: "Work" }],
    ["issuer", { issuer: "https://id.example.com/" }],
    ["client", { client_id: "other" }],
    ["flow", { flow: ["device_code"] }],
    ["scope", { scope: "openid" }],
    ["audience", { audience: "api" }],
    ["resource", { resource: ["https://a.example.com"] }],
    ["token endpoint", { endpoints: { token_endpoint: "https://evil.example.com/t" } }],
  ])("is another one with another %s", (_, change) => {
    expect(accountOf({ ...PROFILE, ...change }).split("-")[1]).not.toBe(accountOf(PROFILE).split("-")[1]);
  });

  it.each<[string, Partial<Identity>]>([
    ["origin", { base_url: "https://evil.example.com/v1" }],
    ["source of the key", { key: { from: "keyring" } }],
    ["variable", { key: { from: "env", name: "OTHER" } }],
    ["file", { key: { from: "file", path: "/run/key" } }],
  ])("of a static key is another one with another %s", (_, change) => {
    expect(accountOf({ ...KEY, ...change })).not.toBe(accountOf(KEY));
  });

  it.each<[string, Identity]>([
    ["scopes", { ...PROFILE, scope: "offline_access openid" }],
    ["flows", { ...PROFILE, flow: ["device_code", "authorization_code"] }],
    ["resources", { ...PROFILE, resource: [...PROFILE.resource].reverse() }],
    ["base_url of a sign-in", { ...PROFILE, base_url: "https://llm.example.com/v2" }],
  ])("does not depend on the order of %s, or on what decides nothing", (_, same) => {
    expect(accountOf(same)).toBe(accountOf(PROFILE));
  });

  it("does not mix up two keys by where one ends and the other begins", () => {
    const { scope: _, ...rest } = PROFILE;
    expect(accountOf({ ...rest, audience: "x" })).not.toBe(accountOf({ ...rest, scope: "x" }));
    expect(accountOf({ ...PROFILE, resource: ["a", "b"] })).not.toBe(
      accountOf({ ...PROFILE, resource: ["a,b"] }),
    );
  });

  it("tells nothing of a plain key", () => {
    const one = accountOf({ ...KEY, key: { from: "plain", value: "hunter2" } });
    expect(one).toBe(accountOf({ ...KEY, key: { from: "plain", value: "hunter3" } }));
  });
});
