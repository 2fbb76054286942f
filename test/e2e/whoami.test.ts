import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { API, startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";

let provider: TestProvider;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  sandbox.configure({
    default_profile: "dev",
    profiles: {
      dev: browserProfile(provider),
      other: browserProfile(provider),
      fixed: { key: "{env:LLM_API_KEY}" },
    },
  });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  sandbox.dispose();
  await provider.stop();
});

describe("whoami", () => {
  it("reads account, issuer, audience, scope and expiry from the stored token, and asks nobody", async () => {
    const asked = { ...provider.counts };
    const outcome = await sandbox.run(["whoami", "--profile", "dev", "--json"]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(outcome.stdout)).toEqual([
      {
        profile: "dev",
        subject: expect.any(String),
        issuer: provider.issuer,
        audience: [API.resource],
        scope: "api:read",
        expires_at: expect.any(Number),
        token: "jwt",
      },
    ]);
    expect(provider.counts).toEqual(asked);
  });

  it("shows a person the same, one profile below the other, without any token", async () => {
    const { code, stdout, stderr } = await sandbox.run(["whoami"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^profile {3}dev\naccount {3}\S+\nissuer {4}http:\/\/127\.0\.0\.1:\d+\naudience /);
    expect(stdout).toMatch(/^expires {3}\d{4}-\d\d-\d\d \d\d:\d\d UTC, in (?:1 h 0|59) min$/m);
    expect(stdout).toMatch(/\n\nprofile {3}fixed\ntoken {5}a fixed key/);
    expect(stderr).toBe("oidc-token: not signed in to other\n");
    expect(stdout).not.toContain("eyJ");
  });

  it("of a profile that is not signed in ends with 3 and the command to run", async () => {
    const { message, hint } = expectFailure(await sandbox.run(["whoami", "-p", "other"]), 3);
    expect(message).toBe('not signed in to profile "other"');
    expect(hint).toBe("run: oidc-token login --profile other");
  });
});
