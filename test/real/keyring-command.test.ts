import { spawnSync } from "node:child_process";
import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Outcome, Sandbox } from "../support/command.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import {
  type KeyringCase,
  missingSecretServiceParts,
  type SecretService,
  startSecretService,
} from "../support/secret-service.js";
import { deviceProfile, signIn } from "../support/signed-in.js";

const parts = missingSecretServiceParts();
const skip =
  process.platform !== "linux" || (parts.length > 0 && process.env.OIDC_TOKEN_TEST_NO_SKIP !== "1");
const why = parts.length > 0 ? ` (needs the packages ${parts.join(", ")})` : "";

let provider: TestProvider;
let sandbox: Sandbox;
let service: SecretService | undefined;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.stop());
afterEach(async () => {
  sandbox.dispose();
  await service?.stop();
  service = undefined;
});

/** What gives a process a /run/user of its own, with this folder as the user's (mount_namespaces(7)). */
function withRuntimeFolder(folder: string): string[] {
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-current-user", "--keep-caps"];
  const own = "/run/user/$(id -u)";
  const script = `mount -t tmpfs none /run && mkdir -p ${own} && mount --bind "$0" ${own} && exec "$@"`;
  return ["unshare", "--mount", ...user, "sh", "-c", script, folder];
}
const [unshare = "", ...words] = withRuntimeFolder("/tmp");
const has_namespaces =
  process.platform === "linux" && spawnSync(unshare, [...words, "true"], { timeout: 10_000 }).status === 0;
const without = has_namespaces ? "" : " (skipped: no namespace for mounts is to be had here)";

/** A home whose session bus is of this kind, with one profile that asks for this store. */
async function at(kind: KeyringCase, store: string): Promise<Record<string, string>> {
  sandbox = new Sandbox();
  service = await startSecretService(kind);
  sandbox.configure({ profiles: { dev: deviceProfile(provider) } });
  const { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = service.env;
  return {
    OIDC_TOKEN_STORE: store,
    ...(DBUS_SESSION_BUS_ADDRESS !== undefined && { DBUS_SESSION_BUS_ADDRESS }),
    ...(XDG_RUNTIME_DIR !== undefined && { XDG_RUNTIME_DIR }),
  };
}

function done(outcome: Outcome): { store: string } {
  return JSON.parse(outcome.stdout.trim().split("\n").at(-1) ?? "");
}

describe.skipIf(skip)(`the command and a real Secret Service${why}`, () => {
  it("keeps the tokens there and nowhere else, through refresh and logout", async () => {
    const env = await at("present", "auto");
    const login = await signIn(sandbox, [], { env });
    expect(login).toMatchObject({ code: 0 });
    expect(done(login)).toMatchObject({ event: "done", store: "keyring" });
    const first = await sandbox.run(["get"], { env });
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(await sandbox.run(["get"], { env })).toMatchObject({ code: 0, stdout: first.stdout, stderr: "" });
    expect(await sandbox.run(["refresh"], { env })).toMatchObject({ code: 0 });
    const second = await sandbox.run(["get"], { env });
    expect(second.stdout).not.toBe(first.stdout);
    const status = JSON.parse((await sandbox.run(["status", "--json"], { env })).stdout);
    expect(status).toMatchObject([{ signed_in: true, store: "keyring", next: "serve" }]);
    const kept = service?.lookup({ service: "oidc-token" }) ?? "";
    expect(JSON.parse(kept).access_token).toBe(second.stdout.trim());
    expect(await sandbox.run(["logout"], { env })).toMatchObject({ code: 0 });
    expect(service?.lookup({ service: "oidc-token" })).toBeUndefined();
    expect(await sandbox.run(["get"], { env })).toMatchObject({ code: 3 });
  });

  it.skipIf(!has_namespaces)(
    `is found by the user's number, with HOME and PATH alone${without}`,
    async () => {
      const env = await at("present", "auto");
      expect(await signIn(sandbox, [], { env })).toMatchObject({ code: 0 });
      symlinkSync("config", join(sandbox.home, ".config"));
      const { HOME, PATH } = sandbox.env;
      const bare = Object.fromEntries(
        Object.keys({ ...sandbox.env, ...env }).map((name) => [name, undefined]),
      );
      const options = { env: { ...bare, HOME, PATH }, through: withRuntimeFolder(env.XDG_RUNTIME_DIR ?? "") };
      const ask = async (): Promise<string> => {
        const asked = { ...options, input: "llm.example.test" };
        const { code, stdout, stderr } = await sandbox.run(["credential", "docker", "get"], asked);
        expect([code, stderr]).toEqual([0, ""]);
        return JSON.parse(stdout).Secret;
      };
      const first = await ask();
      expect(await ask()).toBe(first);
      // What is renewed there is written there.
      expect(await sandbox.run(["refresh"], options)).toMatchObject({ code: 0 });
      expect(await ask()).not.toBe(first);
      const kept = service?.lookup({ service: "oidc-token" }) ?? "";
      expect(JSON.parse(kept).access_token).toBe(await ask());
    },
  );

  it("logout --all also takes what a profile has left that was renamed", async () => {
    const env = await at("present", "auto");
    expect(await signIn(sandbox, [], { env })).toMatchObject({ code: 0 });
    sandbox.configure({ profiles: { renamed: deviceProfile(provider) } });
    const outcome = await sandbox.run(["logout", "--all"], { env });
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stderr).toContain('forgot what was left of "dev", a profile that is no more');
    expect(service?.lookup({ service: "oidc-token" })).toBeUndefined();
  });

  it("takes over a token from the file at the next sign-in, and only one place holds it", async () => {
    const env = await at("present", "auto");
    expect(done(await signIn(sandbox, [], { env: { ...env, OIDC_TOKEN_STORE: "file" } })).store).toBe("file");
    const inFile = await sandbox.run(["get"], { env });
    expect(inFile).toMatchObject({ code: 0 });
    expect(done(await signIn(sandbox, [], { env })).store).toBe("keyring");
    const inKeyring = await sandbox.run(["get"], { env });
    expect(inKeyring.stdout).not.toBe(inFile.stdout);
    expect(JSON.parse(service?.lookup({ service: "oidc-token" }) ?? "").access_token).toBe(
      inKeyring.stdout.trim(),
    );
    expect(readdirSync(join(sandbox.home, "data", "oidc-token", "tokens"))).toEqual([]);
  });

  it.each<[KeyringCase, RegExp]>([
    ["locked", /keyring is locked/],
    ["no default collection", /no default collection/],
    ["no bus", /no D-Bus session bus/],
  ])("%s: says so in one sentence at sign-in and falls back to the file", async (kind, sentence) => {
    const env = await at(kind, "auto");
    const login = await signIn(sandbox, [], { env });
    expect(login).toMatchObject({ code: 0 });
    expect(done(login).store).toBe("file");
    expect(login.stderr.trim().split("\n")).toEqual([expect.stringMatching(sentence)]);
    expect(await sandbox.run(["get"], { env })).toMatchObject({ code: 0, stderr: "" });
  });

  it.each<[KeyringCase, number]>([
    ["locked", 4_000],
    ["no bus", 4_000],
    ["a bus that never answers", 12_000],
    ["a stopped keyring", 12_000],
  ])("%s: with store keyring, get ends with exit 6 and says what to do", async (kind, limit) => {
    const env = await at(kind, "keyring");
    const outcome = await sandbox.run(["get"], { env, limit });
    expect(outcome).toMatchObject({ code: 6, signal: null, stdout: "" });
    expect(outcome.stderr).toMatch(/^oidc-token: [^\n]+\noidc-token: hint: [^\n]*"store": "file"\n$/);
  });

  it("a keyring that stops after the hot path has been taken ends get with exit 6, once", async () => {
    const env = await at("present", "keyring");
    await signIn(sandbox, [], { env });
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (let call = 0; call < 2; call += 1)
      expect(await sandbox.run(["get"], { env })).toMatchObject({ code: 0 });
    if (service?.busPid === undefined) throw new Error("the test needs the bus's process id");
    process.kill(service.busPid, "SIGSTOP");
    try {
      const outcome = await sandbox.run(["get"], { env, limit: 12_000 });
      expect(outcome).toMatchObject({ code: 6, stdout: "" });
      expect(outcome.stderr.match(/hint:/g)).toHaveLength(1);
      expect(outcome.took).toBeLessThan(9_000);
    } finally {
      process.kill(service.busPid, "SIGCONT");
    }
  });
});
