import { Ajv } from "ajv";
import { safeParse } from "valibot";
import { describe, expect, it } from "vitest";
import { fileSchema } from "../../../../src/config/schema/file.js";
import { jsonSchema } from "../../../../src/config/schema/json-schema.js";
import { PROFILE_KEYS } from "../../../../src/config/schema/profile.js";
import { parseJsonc } from "../../../../src/files/jsonc.js";
import { PUBLIC_CLIENT, Sandbox } from "../sandbox.js";

// The words of editors that are no part of JSON Schema.
const ajv = new Ajv({ strict: true, allowUnionTypes: true, validateFormats: false });
ajv.addVocabulary(["allowComments", "allowTrailingCommas"]);
const validate = ajv.compile(jsonSchema());
const accepts = (value: unknown) => validate(value) === true;
const programAccepts = (value: unknown) => safeParse(fileSchema, value).success;
const inProfile = (values: object) => ({ profiles: { oci: values } });

const DESIGN_EXAMPLE = `{
  "$schema": "/home/ann/.local/share/oidc-token/config.schema.json",
  "default_profile": "oci",
  "store": "auto",                      // auto | keyring | file
  "profiles": {
    "oci": {
      "issuer": "https://idcs-0123.identity.oraclecloud.com",
      "flow": ["authorization_code", "device_code"],   // the first that can work here
      "client_id": "0123",
      "client_secret": "{file:~/.secrets/oci-client-secret}",
      "redirect_uri": "http://localhost:8888/callback",
      "scope": "openid profile offline_access",
      "base_url": "https://llm.example.com/v1"
    },
    "okta": { "issuer": "https://example.okta.com/oauth2/aus1", "flow": "device_code",
              "client_id": "0oa1", "scope": "openid email offline_access inference", "base_url": "https://llm.example.com/v1" },
    "ci":   { "flow": "static_key", "key": "{env:LLM_API_KEY}", "header": "x-api-key", "base_url": "https://llm.example.com/v1" }
  },
}`;

describe("the JSON Schema", () => {
  it("is valid draft-07 with a title and an id", () => {
    expect(jsonSchema()).toMatchObject({
      $schema: "http://json-schema.org/draft-07/schema#",
      $id: "urn:oidc-token:configuration",
      title: "Configuration of oidc-token",
    });
  });

  it("describes every key, as an editor shows it", () => {
    const schema = jsonSchema() as unknown as {
      properties: Record<
        string,
        {
          description?: string;
          additionalProperties: { properties: Record<string, { description?: string }> };
        }
      >;
    };
    const profile = schema.properties.profiles?.additionalProperties.properties ?? {};
    expect(Object.keys(profile)).toEqual(PROFILE_KEYS);
    for (const [key, { description }] of [...Object.entries(schema.properties), ...Object.entries(profile)]) {
      expect(description, key).toMatch(/^[A-Z"].*\.$/);
    }
  });

  it("accepts the example of the design, as the program does, and every profile in it is complete", () => {
    const { value } = parseJsonc("example", DESIGN_EXAMPLE);
    expect(programAccepts(value)).toBe(true);
    expect(accepts(value)).toBe(true);
    const sandbox = new Sandbox();
    sandbox.configure(DESIGN_EXAMPLE);
    const config = sandbox.load();
    expect(config.names.map((name) => config.profile(name).flow)).toEqual([
      ["authorization_code", "device_code"],
      ["device_code"],
      ["static_key"],
    ]);
  });

  it.each([
    {},
    { profiles: {} },
    inProfile({}),
    inProfile({
      ...PUBLIC_CLIENT,
      resource: ["https://a.example.com"],
      allowed_origins: "https://a.example.com",
    }),
    inProfile({
      endpoints: { token_endpoint: "http://127.0.0.1:9/t" },
      token_params: { tenant: "" },
      header_scheme: "",
    }),
    inProfile({
      models: { "a/b": { name: "B", limit: { context: 1, output: 1 }, cost: { input: 0.1 } } },
      timeout: 600,
      refresh_before: 0,
    }),
  ])("accepts what the program accepts: %j", (value) => {
    expect(programAccepts(value)).toBe(true);
    expect(accepts(value)).toBe(true);
  });

  it.each([
    { profile: {} },
    { store: "keychain" },
    { profiles: [] },
    { profiles: { "a b": {} } },
    inProfile({ cleint_id: "x" }),
    inProfile({ issuer: 1 }),
    inProfile({ flow: "device" }),
    inProfile({ flow: ["device"] }),
    inProfile({ client_id: "" }),
    inProfile({ timeout: "10" }),
    inProfile({ timeout: 0 }),
    inProfile({ refresh_before: 0.5 }),
    inProfile({ endpoints: { token: "https://id.example.com" } }),
    inProfile({ token_params: { a: 1 } }),
    inProfile({ models: { a: 1 } }),
  ])("refuses as the program does what an editor can tell: %j", (value) => {
    expect(programAccepts(value)).toBe(false);
    expect(accepts(value)).toBe(false);
  });
});
