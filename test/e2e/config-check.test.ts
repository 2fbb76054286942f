import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

const CLIENT = { issuer: "https://id.example.com", client_id: "cli" };

const UNATTENDED = {
  subject_token: { flow: "token_exchange", issuer: "https://id.example.com" },
  assertion: { flow: "jwt_bearer", issuer: "https://id.example.com" },
};

describe("config check follows every reference:", () => {
  it.each([
    ["subject_token", "{file:/nowhere/token}", "the file /nowhere/token, which does not exist"],
    ["subject_token", "{env:NOT_SET}", "the variable NOT_SET, which is not set"],
    ["assertion", "{file:/nowhere/token}", "the file /nowhere/token, which does not exist"],
    ["assertion", "{env:NOT_SET}", "the variable NOT_SET, which is not set"],
  ] as const)("%s %s", async (key, reference, source) => {
    sandbox.configure({ profiles: { ci: { ...UNATTENDED[key], [key]: reference } } });
    const { message } = expectFailure(await sandbox.run(["config", "check"]), 4);
    expect(message).toContain(`"${key}" is to come from ${source}`);
  });

  it("to a program that is not there", async () => {
    sandbox.configure({
      profiles: { ci: { ...UNATTENDED.assertion, assertion: "{command:no-such-program-x}" } },
    });
    const { message } = expectFailure(await sandbox.run(["config", "check"]), 4);
    expect(message).toContain('"assertion" names the program no-such-program-x, which is not there');
  });

  it("to a program that is there, or a job, neither of which is asked", async () => {
    sandbox.configure({
      profiles: {
        a: { ...UNATTENDED.assertion, assertion: "{command:false}" },
        b: { ...UNATTENDED.assertion, assertion: "{github_actions:x}" },
      },
    });
    expect(await sandbox.run(["config", "check"])).toMatchObject({ code: 0, stderr: "" });
  });

  it("to certificates", async () => {
    sandbox.configure({ profiles: { work: { ...CLIENT, ca_file: "~/none.pem" } } });
    const { message } = expectFailure(await sandbox.run(["config", "check"]), 4);
    expect(message).toMatch(/:6:18: profile "work": "ca_file" is \S+none.pem, which does not exist$/);
  });

  it("of a profile that is not in use here, and warns where it leads nowhere", async () => {
    const profiles = { work: CLIENT, ci: { flow: "static_key", key: "{env:NOT_SET}" } };
    const path = sandbox.configure({ default_profile: "work", profiles });
    expect(await sandbox.run(["config", "check"])).toMatchObject({
      code: 0,
      stdout: "2 profiles, no error, 1 warning\n",
      stderr:
        `oidc-token: warning: ${path}:10:14: profile "ci": "key" is to come from the variable NOT_SET, which is not set\n` +
        "oidc-token: hint: set NOT_SET, and export it so that this command sees it\n",
    });
    expectFailure(await sandbox.run(["config", "check", "-p", "ci"]), 4);
    expect(await sandbox.run(["config", "check", "-p", "work"])).toMatchObject({
      code: 0,
      stdout: "1 profile, no error\n",
      stderr: "",
    });
  });
});

const MANY = `{
  "default_profile": "wrok",
  "stroe": "file",
  "profiles": {
    "a": { "issuer": "http://id.example.com", "flow": "device", "cleint_id": "x" },
    "b": { "issuer": "https://id.example.com" },
    "c": { "issuer": "https://id.example.com", "client_id": "<client id>", "preset": "azure" },
    "d": { "issuer": "https://id.example.com", "client_id": "your-client-id" }
  }
}`;

describe("config check tells everything at once,", () => {
  it("by profile and place, warnings too, and ends with 4", async () => {
    const path = sandbox.configure(MANY);
    const outcome = await sandbox.run(["config", "check"], {
      env: { OIDC_TOKEN_TIMEOUT: "soon", OIDC_TOKEN_CLEINT_ID: "x" },
    });
    expectFailure(outcome, 4, "more");
    expect(
      outcome.stderr
        .trimEnd()
        .split("\n")
        .map((line) => line.replace("oidc-token: ", "")),
    ).toEqual([
      `${path}:3:3: unknown key "stroe" in the configuration`,
      'hint: did you mean "store"?',
      `${path}:5:22: "issuer" in profile "a" must be an https URL`,
      "hint: plain http is only for this machine: 127.0.0.1, [::1] or localhost",
      expect.stringContaining(`${path}:5:55: "flow" in profile "a" must be one of "authorization_code"`),
      'hint: did you mean "device_code"?',
      `${path}:5:65: unknown key "cleint_id" in profile "a"`,
      'hint: did you mean "client_id"?',
      expect.stringContaining(`${path}:7:86: "preset" in profile "c" must be one of "oci"`),
      'hint: did you mean "entra"?',
      "OIDC_TOKEN_TIMEOUT must be a whole number of seconds from 1 to 600",
      'hint: write digits without quotes, or a duration such as "90s", "5m" or "1h"',
      `${path}:2:22: "default_profile" is "wrok", which ${path} does not define`,
      expect.stringMatching(/^hint: /),
      `${path}:6:5: profile "b" needs "client_id" for the flow authorization_code`,
      'hint: add "client_id" to the profile, or set OIDC_TOKEN_CLIENT_ID',
      `warning: ${path}:8:61: profile "d": "client_id" looks as if it still holds a placeholder`,
      "hint: put the real value in its place",
      "warning: the variable OIDC_TOKEN_CLEINT_ID is none that this program reads",
      "hint: did you mean OIDC_TOKEN_CLIENT_ID?",
      "8 errors in the configuration",
      `hint: correct them in ${path}, then run oidc-token config check again`,
    ]);
  });

  it("of one profile with -p, and what is about all", async () => {
    const path = sandbox.configure(MANY);
    const outcome = await sandbox.run(["config", "check", "-p", "b"]);
    expectFailure(outcome, 4, "more");
    expect(outcome.stderr).toContain(`${path}:3:3: unknown key "stroe"`);
    expect(outcome.stderr).toContain(`${path}:6:5: profile "b" needs "client_id"`);
    expect(outcome.stderr).toContain("2 errors in the configuration");
  });

  it("and a profile that is none is an error as everywhere", async () => {
    sandbox.configure({ profiles: { work: CLIENT } });
    const { message, hint } = expectFailure(await sandbox.run(["config", "check", "-p", "wrok"]), 4);
    expect(message).toContain('profile "wrok" (from --profile) is not defined');
    expect(hint).toBe('did you mean "work"?');
  });
});

describe("config check passes every sample of the documents:", () => {
  const blocks = (name: string): string[] =>
    [
      ...readFileSync(new URL(`../../${name}`, import.meta.url), "utf8").matchAll(
        /^```jsonc?\n(.*?)^```$/gms,
      ),
    ].map(([, code = ""]) => code);
  const providers = blocks("docs/providers.md");
  const samples = [
    ...blocks("README.md").filter((code) => code.includes('"profiles"')),
    `{ "profiles": { ${providers.join(",\n")} } }`,
  ].map((code) => [`${/"(?!profiles|default_profile)[\w-]+": \{/.exec(code)?.[0]} …`, code] as const);

  it("there are some", () => expect([samples.length, providers.length]).toEqual([4, 13]));

  it.each(samples)("%s", async (_name, sample) => {
    // Filled in, with what it refers to in its place.
    const secret = join(sandbox.home, "secret");
    writeFileSync(secret, "secret", { mode: 0o600 });
    sandbox.configure(sample.replace(/<[^<>"]*>/g, "x1").replace(/\{file:[^}]*\}/g, `{file:${secret}}`));
    const variables = Object.fromEntries(
      [...sample.matchAll(/\{env:(\w+)\}/g)].map(([, name]) => [name, "x"]),
    );
    expect(await sandbox.run(["config", "check"], { env: variables })).toMatchObject({ code: 0, stderr: "" });
  });
});
