import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PRESET_NAMES, PRESETS, presetFor, presetNamed } from "../../../src/providers/index.js";

const FOLDER = new URL("../../../src/providers/", import.meta.url);

describe("recognising a provider from its issuer", () => {
  it.each([
    ["oci", "https://idcs-0a1b2c.identity.oraclecloud.com"],
    ["oci", "https://idcs-0a1b2c.identity.oraclecloud.com:443"],
    ["oci", "https://idcs-0a1b2c.us-ashburn-idcs-1.identity.us-ashburn-1.oci.oraclecloud.com"],
    ["okta", "https://example.okta.com"],
    ["okta", "https://example.okta.com/oauth2/aus123"],
    ["okta", "https://example.oktapreview.com/oauth2/default"],
    ["entra", "https://login.microsoftonline.com/common/v2.0"],
    ["entra", "https://login.microsoftonline.us/00000000-0000-0000-0000-000000000000/v2.0"],
    ["entra", "https://contoso.ciamlogin.com/00000000-0000-0000-0000-000000000000/v2.0"],
    ["google", "https://accounts.google.com"],
    ["auth0", "https://tenant.eu.auth0.com/"],
    ["keycloak", "https://id.example.com/realms/staff"],
    ["keycloak", "https://id.example.com/auth/realms/staff"],
    ["cognito", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_CUdISnM7M"],
    ["github", "https://github.com"],
    ["github", "https://octocorp.ghe.com"],
    ["gitlab", "https://gitlab.com"],
    ["zitadel", "https://acme-x1y2z3.zitadel.cloud"],
    ["authentik", "https://auth.example.com/application/o/llm/"],
    ["dex", "https://id.example.com/dex"],
    ["generic", "https://id.example.com"],
  ])("%s from %s", (name, issuer) => {
    expect(presetFor(issuer).name).toBe(name);
  });

  it.each([
    "https://identity.oraclecloud.com.evil.example",
    "https://idcs-1.identity.oraclecloud.com.evil.example",
    "https://identity.us-ashburn-1.oci.oraclecloud.com",
    "https://evilokta.com",
    "https://okta.com.evil.example/oauth2/default",
    "https://login.microsoftonline.com.evil.example/common/v2.0",
    "https://accounts.google.com.evil.example",
    "https://notgithub.com",
    "https://evil.example/https://gitlab.com",
    "https://evil.example/realms",
    "https://evil.example/realms/a/b",
    "https://cognito-idp.eu-west-1.amazonaws.com.evil.example/pool",
  ])("takes the look-alike %s for no provider in particular", (issuer) => {
    expect(presetFor(issuer).name).toBe("generic");
  });

  it.each([undefined, "", "not a url"])("answers generic for %j", (issuer) => {
    expect(presetFor(issuer).name).toBe("generic");
  });

  it("never takes an issuer for two providers", () => {
    const issuers = PRESETS.map(({ example, defaults }) => example.issuer ?? defaults.issuer)
      .filter((issuer) => typeof issuer === "string")
      .map((issuer) => new URL(issuer.replace(/<[^>]*>/g, "x")));
    expect(issuers).toHaveLength(PRESETS.length);
    for (const issuer of issuers) {
      expect(PRESETS.filter((preset) => preset.recognises(issuer)).length).toBeLessThan(2);
    }
  });
});

describe("the endpoints that discovery lacks", () => {
  it.each([
    [
      "oci",
      "https://idcs-1.identity.oraclecloud.com",
      "https://idcs-1.identity.oraclecloud.com/oauth2/v1/device",
    ],
    [
      "oci",
      "https://idcs-1.identity.oraclecloud.com/",
      "https://idcs-1.identity.oraclecloud.com/oauth2/v1/device",
    ],
    ["okta", "https://a.okta.com", "https://a.okta.com/oauth2/v1/device/authorize"],
    ["okta", "https://a.okta.com/oauth2/aus1", "https://a.okta.com/oauth2/aus1/v1/device/authorize"],
    ["auth0", "https://a.auth0.com/", "https://a.auth0.com/oauth/device/code"],
    ["keycloak", "https://k/realms/r", "https://k/realms/r/protocol/openid-connect/auth/device"],
    ["github", "https://github.com", "https://github.com/login/device/code"],
    ["gitlab", "https://gitlab.com", "https://gitlab.com/oauth/authorize_device"],
    ["gitlab", "https://example.com/gitlab", "https://example.com/gitlab/oauth/authorize_device"],
    ["zitadel", "https://a.zitadel.cloud", "https://a.zitadel.cloud/oauth/v2/device_authorization"],
    ["authentik", "https://a/application/o/llm/", "https://a/application/o/device/"],
    ["dex", "https://a/dex", "https://a/dex/device/code"],
  ])("%s at %s", (name, issuer, device_authorization_endpoint) => {
    expect(presetNamed(name)?.endpoints?.(new URL(issuer))).toMatchObject({ device_authorization_endpoint });
  });

  it("are everything where there is no discovery", () => {
    for (const preset of PRESETS.filter(({ discovery }) => !discovery)) {
      const endpoints = preset.endpoints?.(new URL("https://a.example"));
      expect(Object.keys(endpoints ?? {}).sort()).toEqual([
        "authorization_endpoint",
        "device_authorization_endpoint",
        "token_endpoint",
      ]);
    }
  });
});

describe.each(PRESETS.map((preset) => [preset.name, preset] as const))("%s", (name, preset) => {
  it("is found by its name", () => {
    expect(presetNamed(name)).toBe(preset);
  });

  it("says in one to three sentences what to switch on at the provider", () => {
    const sentences = preset.setup.split(/(?<=[.!?])\s+(?=[A-Z])/);
    expect(sentences.length).toBeGreaterThan(0);
    expect(sentences.length).toBeLessThanOrEqual(3);
    expect(preset.setup).toMatch(/\.$/);
    expect(preset.note).toMatch(/\.$/);
  });

  it("shows a profile of at most six lines", () => {
    expect(Object.keys(preset.example).length).toBeLessThanOrEqual(6);
    expect(preset.example.preset ?? "generic").toBe(name);
    expect(preset.example.client_id).toBeDefined();
  });
});

it("has one file for each preset, and each names its source", () => {
  const files = readdirSync(FOLDER).filter((file) => !["index.ts", "preset.ts"].includes(file));
  expect(files.map((file) => file.replace(".ts", "")).sort()).toEqual([...PRESET_NAMES].sort());
  for (const file of files.filter((candidate) => candidate !== "generic.ts")) {
    const comment = /\/\*\*(.*?)\*\//s.exec(readFileSync(new URL(file, FOLDER), "utf8"))?.[1];
    expect(comment, file).toMatch(/https:\/\//);
  }
});
