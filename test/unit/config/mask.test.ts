import { expect, it } from "vitest";
import { maskProfile } from "../../../src/config/mask.js";
import { PUBLIC_CLIENT, Sandbox } from "./sandbox.js";

function shown(values: object, env: Record<string, string> = {}) {
  const sandbox = new Sandbox();
  sandbox.configure({ profiles: { work: { ...PUBLIC_CLIENT, ...values } } });
  return maskProfile(sandbox.load({ env }).profile());
}

it.each([
  ["hunter2", "********"],
  ["{env:CLIENT_SECRET}", "{env:CLIENT_SECRET}"],
  ["{file:/run/secrets/client}", "{file:/run/secrets/client}"],
  ["{keyring}", "{keyring}"],
])("shows where a secret comes from, never the secret: %s", (client_secret, expected) => {
  const masked = shown({ client_secret });
  expect(masked.client_secret).toBe(expected);
  expect(masked).toMatchObject({ issuer: "https://id.example.com", timeout: 10 });
  expect(JSON.stringify(masked)).not.toContain("hunter2");
});

it("shows the variable a secret comes from, not its value", () => {
  const masked = shown({ client_secret: "{keyring}" }, { OIDC_TOKEN_CLIENT_SECRET: "hunter2" });
  expect(masked.client_secret).toBe("{env:OIDC_TOKEN_CLIENT_SECRET}");
  expect(JSON.stringify(masked)).not.toContain("hunter2");
});

it("shows request parameters, except what is a secret by its name", () => {
  const masked = shown({
    authorization_params: { prompt: "consent", login_hint: "ann" },
    token_params: {
      tenant: "x",
      subject_token: "hunter2",
      client_assertion: "hunter2",
      Password: "hunter2",
      app_secret: "hunter2",
    },
  });
  expect(masked).toMatchObject({
    authorization_params: { prompt: "consent", login_hint: "ann" },
    token_params: {
      tenant: "x",
      subject_token: "********",
      client_assertion: "********",
      Password: "********",
      app_secret: "********",
    },
  });
});

it("has no key for a secret that is not there", () => {
  expect(Object.keys(shown({}))).not.toContain("client_secret");
});
