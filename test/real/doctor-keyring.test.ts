import { afterEach, describe, expect, it } from "vitest";
import type { Finding } from "../../src/commands/doctor/engine.js";
import { Sandbox } from "../support/command.js";
import {
  type KeyringCase,
  missingSecretServiceParts,
  type SecretService,
  startSecretService,
} from "../support/secret-service.js";

const lacking = process.env.OIDC_TOKEN_TEST_NO_SKIP === "1" ? [] : missingSecretServiceParts();
const why = lacking.length === 0 ? "" : ` (skipped: ${lacking.join(", ")} not installed)`;

describe.skipIf(lacking.length > 0)(`doctor on a real keyring${why} says`, () => {
  let service: SecretService | undefined;
  let sandbox: Sandbox | undefined;
  /** Nothing on it: the machine may have oidc-agent's command of the same name. */
  const PATH = "/nowhere";
  afterEach(async () => {
    sandbox?.dispose();
    await service?.stop();
  });

  it.each<readonly [KeyringCase, string, Finding["result"], RegExp, RegExp | undefined]>([
    [
      "present",
      "auto",
      "pass",
      /kept in the keyring, the Secret Service of GNOME Keyring, which answers/,
      undefined,
    ],
    [
      "present",
      "keyring",
      "pass",
      /kept in the keyring, the Secret Service of GNOME Keyring, which answers/,
      undefined,
    ],
    ["locked", "auto", "fail", /the keyring is locked/, /unlock it by signing in to the desktop/],
    ["locked", "keyring", "fail", /the keyring is locked/, /unlock it/],
    ["no default collection", "auto", "warn", /no default collection.*kept in a file/, /create one/],
    ["no default collection", "keyring", "fail", /no default collection/, /create one/],
    [
      "no service",
      "auto",
      "warn",
      /no keyring answers on this session's D-Bus.*kept in a file/,
      /gnome-keyring or KWallet/,
    ],
    ["no bus", "auto", "warn", /there is no D-Bus session bus.*kept in a file/, /desktop session/],
    [
      "a bus that never answers",
      "keyring",
      "fail",
      /did not answer in time/,
      /restart the session's keyring or D-Bus/,
    ],
    ["a stopped keyring", "auto", "fail", /did not answer in time/, /restart the session's keyring or D-Bus/],
  ])("of one that is %s, with store %s: %s", async (kind, choice, result, detail, hint) => {
    service = await startSecretService(kind);
    sandbox = new Sandbox();
    sandbox.configure({ store: choice, profiles: { ci: { flow: "static_key", key: "{env:K}" } } });
    const { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = service.env;
    const env = {
      PATH,
      OIDC_TOKEN_STORE: undefined,
      DBUS_SESSION_BUS_ADDRESS,
      XDG_RUNTIME_DIR,
      K: "sk-12345678",
    };
    const outcome = await sandbox.run(["doctor", "--json"], { env, limit: 40_000 });
    const rows = JSON.parse(outcome.stdout) as Finding[];
    expect(rows.find(({ check }) => check === "store")).toEqual({
      check: "store",
      result,
      detail: expect.stringMatching(detail),
      ...(hint && { hint: expect.stringMatching(hint) }),
    });
    expect(outcome.code).toBe(result === "fail" ? 6 : 0);
    expect(outcome.took).toBeLessThan(20_000);
  });

  it("what profiles have left in it that are gone, and nothing of those that are there", async () => {
    service = await startSecretService("present");
    sandbox = new Sandbox();
    const { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = service.env;
    const env = { PATH, OIDC_TOKEN_STORE: undefined, DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR };
    const key = { flow: "static_key", key: "{keyring}" };
    sandbox.configure({ default_profile: "former", profiles: { former: key, mine: key } });
    for (const name of ["former", "mine"])
      await sandbox.run(["login", "-p", name], { env, input: "sk-12345678\n" });
    const leftovers = async () => {
      const { stdout } = await (sandbox as Sandbox).run(["doctor", "--json"], { env, limit: 40_000 });
      return (JSON.parse(stdout) as Finding[]).find(({ check }) => check === "leftovers");
    };
    expect(await leftovers()).toMatchObject({ result: "pass" });
    sandbox.configure({ profiles: { mine: key } });
    expect(await leftovers()).toMatchObject({
      result: "warn",
      detail: 'of profiles that were changed or removed there is still kept: the sign-in of "former"',
    });
    const took = await sandbox.run(["logout", "--all"], { env });
    expect(took.stderr).toContain('forgot what was left of "former"');
    expect(await leftovers()).toMatchObject({ result: "pass" });
  });
});
