import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";

let provider: TestProvider;
let sandbox: Sandbox;
let session: string;
let path: string;
let broken: string;
beforeAll(async () => {
  provider = await startProvider();
  sandbox = new Sandbox();
  sandbox.configure({
    default_profile: "well",
    profiles: {
      broken: browserProfile(provider),
      // Needs a secret that it does not name.
      halved: { issuer: provider.issuer, client_id: "c", flow: "client_credentials" },
      well: browserProfile(provider),
    },
  });
  for (const name of ["broken", "well"]) {
    expect(await signIn(sandbox, ["-p", name])).toMatchObject({ code: 0 });
  }
  const folder = join(sandbox.home, "data", "oidc-token", "tokens");
  const of = (name: string) => join(folder, readdirSync(folder).find((each) => each.startsWith(name)) ?? "");
  [broken, path] = [of("broken"), of("well")];
  session = readFileSync(path, "utf8");
});
beforeEach(() => {
  writeFileSync(path, session, { mode: 0o600 });
  writeFileSync(broken, session.slice(0, 40), { mode: 0o600 });
});
afterAll(async () => {
  sandbox.dispose();
  await provider.stop();
});

const UNREADABLE = 'what the file store holds for profile "broken" cannot be read';
const MEND = "run: oidc-token logout --local --profile broken, then oidc-token login --profile broken";
const HALVED = expect.stringMatching(
  /profile "halved" needs "client_secret" for the flow client_credentials$/,
);

describe("one profile whose record cannot be read, and one whose keys do not go together, keep no other from", () => {
  it("status", async () => {
    const outcome = await sandbox.run(["status", "--json"]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(outcome.stdout)).toMatchObject([
      { profile: "broken", flow: "authorization_code", signed_in: false, error: UNREADABLE, hint: MEND },
      { profile: "halved", flow: "", signed_in: false, error: HALVED, hint: expect.any(String) },
      { profile: "well", signed_in: true, next: "serve" },
    ]);
    const { code, stdout } = await sandbox.run(["status"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^ {2}broken +- +\\? +- +- +${UNREADABLE}$`, "m"));
    expect(stdout).toMatch(/^\* well .* yes .* serves$/m);
  });

  it("whoami", async () => {
    const outcome = await sandbox.run(["whoami", "--json"]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(outcome.stdout)).toMatchObject([
      { profile: "broken", error: UNREADABLE, hint: MEND },
      { profile: "halved", error: HALVED },
      { profile: "well", subject: "person", token: "jwt" },
    ]);
    expect((await sandbox.run(["whoami"])).stdout).toContain(
      `profile   broken\nerror     ${UNREADABLE}\nhint      ${MEND}\n`,
    );
  });

  it("profiles", async () => {
    const outcome = await sandbox.run(["profiles", "--json"]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    const rows = JSON.parse(outcome.stdout);
    expect(rows).toMatchObject([
      { profile: "broken" },
      { profile: "halved", flow: "", allowed_origins: [], error: HALVED },
      { profile: "well", default: true },
    ]);
    expect(rows[0]).not.toHaveProperty("error");
    expect((await sandbox.run(["profiles"])).stdout).toMatch(/^halved +- +.*needs "client_secret"/m);
  });

  it("logout --all, which then says what it could not do", async () => {
    const before = provider.counts["/token/revocation"] ?? 0;
    const { message } = expectFailure(await sandbox.run(["logout", "--all"]), 4, "more");
    expect(message).toEqual(HALVED);
    expect(provider.counts["/token/revocation"]).toBe(before + 2);
    expectFailure(await sandbox.run(["get"]), 3);
    expect(JSON.parse((await sandbox.run(["status", "--json"])).stdout)).toMatchObject([
      { profile: "broken", signed_in: false, next: "sign_in" },
      {},
      { profile: "well", signed_in: false },
    ]);
  });
});

it("a profile that is asked for by name fails as it is, and so does the only one", async () => {
  expect(expectFailure(await sandbox.run(["status", "-p", "broken"]), 6).message).toBe(UNREADABLE);
  expectFailure(await sandbox.run(["whoami", "-p", "broken"]), 6);
  expectFailure(await sandbox.run(["status", "-p", "halved"]), 4);
});
