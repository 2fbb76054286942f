import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import type { Profile } from "../../../src/profile.js";
import { PRESETS } from "../../../src/providers/index.js";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "oidc-token-preset-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function profileOf(values: object, env: Record<string, string> = {}): Profile {
  const config = join(home, "config");
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, "config.jsonc"), JSON.stringify({ profiles: { p: values } }));
  return loadConfig({ env, cwd: home, paths: { config, home } }).profile();
}

const OKTA = { issuer: "https://example.okta.com/oauth2/aus1", client_id: "id" };

describe("a preset", () => {
  it("is recognised from the issuer and says the scope", () => {
    expect(profileOf(OKTA)).toMatchObject({ preset: "okta", scope: "openid profile offline_access" });
  });

  it("goes behind what the file says, and that behind the environment", () => {
    expect(profileOf({ ...OKTA, scope: "openid file" }).scope).toBe("openid file");
    const env = { OIDC_TOKEN_SCOPE: "openid env", OIDC_TOKEN_PRESET: "generic" };
    expect(profileOf({ ...OKTA, scope: "openid file" }, env)).toMatchObject({
      preset: "generic",
      scope: "openid env",
    });
  });

  it("named by the user counts more than what the issuer looks like", () => {
    expect(profileOf({ ...OKTA, preset: "generic" })).toMatchObject({ preset: "generic" });
    expect(profileOf({ ...OKTA, preset: "generic" }).scope).toBeUndefined();
  });

  it("goes before the program's own defaults", () => {
    expect(profileOf({ preset: "github", client_id: "id" })).toMatchObject({
      issuer: "https://github.com",
      flow: ["device_code", "authorization_code"],
      id_token: "ignore",
    });
    expect(profileOf({ issuer: "https://id.example.com", client_id: "id" })).toMatchObject({
      preset: "generic",
      flow: ["authorization_code", "device_code"],
      id_token: "verify",
    });
  });

  it("says the redirect URI that its setup has registered, where the provider compares it whole", () => {
    expect(profileOf(OKTA).redirect_uri).toBe("http://localhost:8888/callback");
    expect(profileOf({ ...OKTA, redirect_uri: "http://localhost:1/cb" }).redirect_uri).toBe(
      "http://localhost:1/cb",
    );
    expect(profileOf({ preset: "google", client_id: "id" }).redirect_uri).toBeUndefined();
    for (const { setup, defaults } of PRESETS) expect(setup).toContain(defaults.redirect_uri ?? "");
  });

  it("says how to authenticate only a client that has a secret", () => {
    const google = { preset: "google", client_id: "id" };
    expect(profileOf(google).client_auth).toBeUndefined();
    expect(profileOf({ ...google, client_secret: "{env:S}" }).client_auth).toBe("client_secret_post");
  });

  it("gives no scope to a flow that signs nobody in", () => {
    const service = { ...OKTA, flow: "client_credentials", client_secret: "{env:S}" };
    expect(profileOf(service)).toMatchObject({ preset: "okta" });
    expect(profileOf(service).scope).toBeUndefined();
  });

  it("says nothing of the flow where a token stands in for the person", () => {
    const cognito = {
      preset: "cognito",
      issuer: "https://cognito-idp.eu-west-1.amazonaws.com/x",
      client_id: "id",
    };
    const profile = profileOf({ ...cognito, subject_token: "{env:SUBJECT}" });
    expect(profile).toMatchObject({ preset: "cognito", flow: ["token_exchange"] });
    expect(profile.scope).toBeUndefined();
  });

  it("does not turn a static key into a sign-in", () => {
    expect(profileOf({ key: "{env:K}" })).toMatchObject({ preset: "generic", flow: ["static_key"] });
  });

  it("of an unknown name is refused with the nearest one", () => {
    expect(() => profileOf({ ...OKTA, preset: "octa" })).toThrowError(
      expect.objectContaining({
        kind: "configuration",
        message: expect.stringContaining('"preset" in profile "p"'),
        hint: 'did you mean "okta"?',
      }),
    );
  });

  it.each(PRESETS.map((preset) => [preset.name, preset.example] as const))(
    "%s: its example is a valid profile as it stands",
    (name, example) => {
      const filled = JSON.parse(JSON.stringify(example).replace(/<[^>]*>/g, "x"));
      expect(profileOf(filled)).toMatchObject({ preset: name, client_id: expect.any(String) });
    },
  );
});
