import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listKeyringAccounts } from "../../src/store/keyring/list.js";
import { Sandbox } from "../support/command.js";
import { type OtherKeyring, PRODUCTS, startOtherKeyring } from "../support/other-keyrings.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { missingSecretServiceParts } from "../support/secret-service.js";
import { browserProfile, signIn } from "../support/signed-in.js";

const mustRun = process.env.OIDC_TOKEN_TEST_NO_SKIP === "1";

describe.each(["KWallet", "KeePassXC"] as const)("the command and a real %s", (name) => {
  const parts = missingSecretServiceParts(PRODUCTS[name].programs);
  const why = parts.length > 0 ? ` (needs the packages ${parts.join(", ")})` : "";
  let provider: TestProvider;
  let keyring: OtherKeyring;
  let sandbox: Sandbox;
  let env: Record<string, string>;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.stop());
  beforeEach(async ({ skip }) => {
    if (process.platform !== "linux" || (parts.length > 0 && !mustRun)) return skip();
    keyring = await startOtherKeyring(name);
    sandbox = new Sandbox();
    sandbox.configure({ profiles: { dev: browserProfile(provider) } });
    const { DBUS_SESSION_BUS_ADDRESS = "", XDG_RUNTIME_DIR = "" } = keyring.env;
    env = {
      PATH: process.env.PATH ?? "",
      OIDC_TOKEN_STORE: "auto",
      DBUS_SESSION_BUS_ADDRESS,
      XDG_RUNTIME_DIR,
    };
  });
  afterEach(async () => {
    sandbox?.dispose();
    await keyring?.stop();
  });

  const run = (...args: string[]) => sandbox.run(args, { env, limit: 40_000 });
  it(`keeps the tokens there and nowhere else, through refresh and logout${why}`, async () => {
    const login = await signIn(sandbox, [], { env });
    expect(login, login.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(login.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ store: "keyring" });
    const first = await run("get");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(await run("refresh")).toMatchObject({ code: 0 });
    const second = await run("get");
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(second.stdout).not.toBe(first.stdout);
    expect(JSON.parse((await run("status", "--json")).stdout)).toMatchObject([
      { signed_in: true, store: "keyring", next: "serve" },
    ]);
    const doctor = JSON.parse((await run("doctor", "--json")).stdout) as { check: string; detail: string }[];
    expect(doctor.find(({ check }) => check === "store")?.detail).toContain(`Secret Service of ${name}`);
    expect(await keyring.count({ service: "oidc-token" })).toBe(1);
    expect(await run("logout")).toMatchObject({ code: 0 });
    expect(await keyring.count({ service: "oidc-token" })).toBe(0);
    expect(await run("get")).toMatchObject({ code: 3 });
  });

  it(`still has them, and asks nobody, after the next sign-in to the desktop${why}`, async () => {
    await signIn(sandbox, [], { env });
    const before = await run("get");
    await keyring.restart("open");
    expect(await run("get")).toMatchObject({ code: 0, stdout: before.stdout, stderr: "" });
    expect(await run("refresh")).toMatchObject({ code: 0 });
  });

  it(`says that it is locked where it is, soon, and goes on once it is not${why}`, async () => {
    await signIn(sandbox, [], { env });
    await keyring.restart("locked");
    const outcome = await run("get");
    expect(outcome).toMatchObject({ code: 6, stdout: "" });
    expect(outcome.stderr).toMatch(/^oidc-token: the keyring is locked\noidc-token: hint: unlock it/);
    expect(await run("logout")).toMatchObject({ code: 6 });
    await keyring.restart("open");
    expect(await run("get")).toMatchObject({ code: 0, stderr: "" });
  });

  it(`makes one of two items of the same attributes, and a logout takes both${why}`, async () => {
    await signIn(sandbox, [], { env });
    const [username = ""] = await listKeyringAccounts(keyring.env);
    const account = { service: "oidc-token", username };
    await keyring.double(account);
    expect(await keyring.count(account)).toBe(2);
    await signIn(sandbox, [], { env });
    expect(await keyring.count(account)).toBe(1);
    expect(await run("get")).toMatchObject({ code: 0, stderr: "" });
    await keyring.double(account);
    expect(await run("logout")).toMatchObject({ code: 0 });
    expect(await keyring.count(account)).toBe(0);
  });

  if (name === "KWallet") return;
  it(`says which setting keeps an entry from it${why}`, async () => {
    await signIn(sandbox, [], { env });
    await keyring.restart("asks");
    const outcome = await run("get");
    expect(outcome).toMatchObject({ code: 6, stdout: "" });
    expect(outcome.stderr).toMatch(
      /^oidc-token: the keyring keeps this entry from oidc-token\noidc-token: hint: .*KeePassXC.*Confirm when passwords are retrieved/,
    );
    expect(await run("status")).toMatchObject({ code: 6, stdout: "" });
  });
});
