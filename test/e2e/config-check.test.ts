import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

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

  it("to a program or a job, which are asked only when a token is needed", async () => {
    sandbox.configure({
      profiles: {
        a: { ...UNATTENDED.assertion, assertion: "{command:print-token}" },
        b: { ...UNATTENDED.assertion, assertion: "{github_actions:x}" },
      },
    });
    expect(await sandbox.run(["config", "check"])).toMatchObject({ code: 0, stderr: "" });
  });
});
