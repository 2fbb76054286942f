import { spawn } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BIN, type Outcome, Sandbox } from "../support/command.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { missingSecretServiceParts, startSecretService } from "../support/secret-service.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

const QUESTION = "protocol=https\nhost=git.example\n\n";
/** Milliseconds, the start of the process included. */
const LIMIT = 4_000;
const parts = missingSecretServiceParts();
const skip =
  process.platform !== "linux" || (parts.length > 0 && process.env.OIDC_TOKEN_TEST_NO_SKIP !== "1");

let provider: TestProvider;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.stop());
afterEach(async () => {
  await provider.fault(undefined);
  sandbox.dispose();
});

async function signedIn(env: Readonly<Record<string, string>> = {}): Promise<void> {
  sandbox = new Sandbox(env);
  sandbox.configure({ profiles: { dev: browserProfile(provider, { base_url: "https://git.example" }) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  await new Promise((resolve) => setTimeout(resolve, 50));
}

const ask = (input: string | undefined = QUESTION): Promise<Outcome> =>
  sandbox.run(["credential", "git", "get"], { input, limit: 15_000 });

/** One line, nothing for git to take for an answer. */
function isFailure({ code, stdout, stderr }: Outcome, sentence: RegExp): void {
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^oidc-token: [^\n]+\n$/);
  expect(stderr).toMatch(sentence);
}

describe("a tool that asks is told within four seconds", () => {
  it("where it never says what it wants", async () => {
    await signedIn();
    // A pipe as the tools themselves make it, which stays open.
    const script = `sleep 9 | { '${process.execPath}' '${BIN}' credential git get; echo "code $?"; }`;
    const begun = performance.now();
    const shell = spawn("sh", ["-c", script], { env: sandbox.env, cwd: sandbox.home, detached: true });
    let said = "";
    shell.stderr.on("data", (chunk) => {
      said += chunk;
    });
    for await (const chunk of shell.stdout) {
      said += chunk;
      if (said.includes("code")) break;
    }
    const took = performance.now() - begun;
    process.kill(-(shell.pid as number), "SIGKILL");
    expect(said).toMatch(/^oidc-token: no request came on stdin[^\n]*\ncode 1\n$/);
    expect(took).toBeLessThan(LIMIT);
  });

  it.skipIf(skip)("where the keyring has stopped, before and after the hot path was taken", async () => {
    const service = await startSecretService("present");
    try {
      const { DBUS_SESSION_BUS_ADDRESS = "", XDG_RUNTIME_DIR = "" } = service.env;
      await signedIn({ OIDC_TOKEN_STORE: "keyring", DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR });
      for (let times = 0; times < 2; times += 1) expect(await ask()).toMatchObject({ code: 0, stderr: "" });
      process.kill(service.busPid as number, "SIGSTOP");
      try {
        const known = await ask();
        isFailure(known, /keyring|no token/);
        expect(known.took).toBeLessThan(LIMIT);
        const unknown = await ask(QUESTION.replace("\n\n", "\nusername=me\npath=x\n\n"));
        isFailure(unknown, /keyring|no token/);
        expect(unknown.took).toBeLessThan(LIMIT);
      } finally {
        process.kill(service.busPid as number, "SIGCONT");
      }
    } finally {
      await service.stop();
    }
  });
});

describe("a provider that is slow to renew the session", () => {
  it("is waited for some seconds more, so that the session is not lost", async () => {
    await signedIn();
    const file = new TokenFile(sandbox);
    file.expire();
    const { refresh_token } = file.tokens;
    await provider.fault({ kind: "slow", ms: 4_500, path: "/token" });
    const answer = await ask();
    expect(answer).toMatchObject({ code: 0, stderr: "" });
    expect(answer.stdout).toContain(`password=${file.tokens.access_token}\n`);
    expect(file.tokens.refresh_token).not.toBe(refresh_token);
    await provider.fault(undefined);
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
  });

  it("and not for ever", async () => {
    await signedIn();
    new TokenFile(sandbox).expire();
    await provider.fault({ kind: "hang", path: "/token" });
    const outcome = await ask();
    isFailure(outcome, /no token for profile "dev" within \d/);
    expect(outcome.took).toBeLessThan(LIMIT + 5_000);
  });
});
