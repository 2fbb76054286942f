import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Outcome, Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import {
  missingSecretServiceParts,
  type SecretService,
  startSecretService,
} from "../support/secret-service.js";
import { browserProfile, signIn } from "../support/signed-in.js";

const parts = missingSecretServiceParts();
const skip =
  process.platform !== "linux" || (parts.length > 0 && process.env.OIDC_TOKEN_TEST_NO_SKIP !== "1");
const why = parts.length > 0 ? ` (needs the packages ${parts.join(", ")})` : "";

let provider: TestProvider;
let sandbox: Sandbox;
let service: SecretService;
let env: Record<string, string>;
/** Called once the provider has granted and has not answered yet. */
let before_answer: () => void;
beforeEach(async () => {
  before_answer = () => {};
  provider = await startProvider({
    middleware: async (ctx, next) => {
      await next();
      if (ctx.path === "/token") before_answer();
    },
  });
  sandbox = new Sandbox();
  service = await startSecretService();
  const { DBUS_SESSION_BUS_ADDRESS = "", XDG_RUNTIME_DIR = "" } = service.env;
  env = { OIDC_TOKEN_STORE: "auto", DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR };
  sandbox.configure({ profiles: { dev: browserProfile(provider) } });
  expect(await run("login")).toMatchObject({ code: 0 });
});
afterEach(async () => {
  sandbox.dispose();
  await service.stop();
  await provider.stop();
});

const run = (command: string, store = "auto"): Promise<Outcome> => {
  const options = { env: { ...env, OIDC_TOKEN_STORE: store }, limit: 20_000 };
  return command === "login" ? signIn(sandbox, [], options) : sandbox.run([command], options);
};
const keyring = (signal: NodeJS.Signals): void => {
  if (service.keyringPid === undefined) throw new Error("the test needs the keyring's process id");
  process.kill(service.keyringPid, signal);
};
const inFiles = (): string[] => {
  const folder = join(sandbox.home, "data", "oidc-token", "tokens");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return readdirSync(folder);
};
const attributes = { service: "oidc-token" };

describe.skipIf(skip)(`a keyring that fails${why}`, () => {
  it.each([
    ["stops", "SIGSTOP"],
    ["dies", "SIGKILL"],
  ] as const)(
    "and %s while the provider answers: the session is rescued to the file, and moves back",
    async (_, signal) => {
      before_answer = () => keyring(signal);
      const refreshed = await run("refresh");
      expect(refreshed).toMatchObject({ code: 0 });
      expect(refreshed.stderr).toMatch(/so the token is kept in a file that only you can read/);
      expect(refreshed.took).toBeLessThan(9_000);
      expect(inFiles()).toHaveLength(1);
      before_answer = () => {};
      expect(await run("get")).toMatchObject({ code: 0 });
      if (signal !== "SIGSTOP") return;
      keyring("SIGCONT");
      expect(await run("refresh")).toMatchObject({ code: 0 });
      expect(inFiles()).toEqual([]);
      expect(await run("refresh")).toMatchObject({ code: 0 });
    },
  );

  it("and dies while the provider answers: with store keyring nothing goes to a file, and the loss is told", async () => {
    before_answer = () => keyring("SIGKILL");
    const { message, hint } = expectFailure(await run("refresh", "keyring"), 6);
    expect(message).toMatch(
      /just when the provider had renewed the session of profile "dev", which is lost$/,
    );
    expect(hint).toContain("oidc-token login --profile dev");
    expect(inFiles()).toEqual([]);
  });

  it("and stops before is asked for a write first: no refresh token is spent", async () => {
    keyring("SIGSTOP");
    const spent = provider.counts["granted refresh_token"] ?? 0;
    for (const command of ["get", "refresh", "status", "logout"]) {
      const outcome = await run(command, "keyring");
      expect(outcome, command).toMatchObject({ code: 6, stdout: "" });
      expect(outcome.took, command).toBeLessThan(7_000);
    }
    expect(provider.counts["granted refresh_token"] ?? 0).toBe(spent);
    keyring("SIGCONT");
    expect(await run("refresh", "keyring")).toMatchObject({ code: 0 });
  });

  it("by holding two items of one account: the newest is served, the next write mends it, logout deletes both", async () => {
    const kept = service.lookup(attributes) ?? "";
    const tool = (args: readonly string[], input = ""): string => {
      const { stdout, stderr } = spawnSync("secret-tool", args, {
        env: service.env,
        input,
        encoding: "utf8",
      });
      return `${stdout}${stderr}`;
    };
    const items = (): string => tool(["search", "--all", "service", "oidc-token"]);
    const username = /attribute\.username = (\S+)/.exec(items())?.[1] ?? "";
    const twice = () =>
      tool(["store", "--label", "x", "service", "oidc-token", "username", username, "n", "2"], kept);
    const count = () => items().match(/^secret = /gm)?.length ?? 0;
    twice();
    expect(count()).toBe(2);
    expect(await run("get")).toMatchObject({ code: 0, stdout: `${JSON.parse(kept).access_token}\n` });
    expect(await run("refresh")).toMatchObject({ code: 0 });
    expect(count()).toBe(1);
    twice();
    expect(await run("logout")).toMatchObject({ code: 0 });
    expect(count()).toBe(0);
  });
});
