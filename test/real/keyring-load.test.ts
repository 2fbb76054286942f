import { existsSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { type Outcome, Sandbox } from "../support/command.js";
import { type ProviderProcess, startProviderProcess } from "../support/provider-process.js";
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

/** Seconds. OIDC_TOKEN_TEST_LOAD=600 for the long form. */
const SECONDS = Number(process.env.OIDC_TOKEN_TEST_LOAD ?? 60);
const CALLERS = 10;
/** Of ten commands, as people and their tools use them. */
const MIX = ["get", "get", "get", "get", "status", "get", "refresh", "get", "login", "logout"] as const;
const PROFILES = ["one", "two", "three"];

let provider: ProviderProcess | undefined;
let sandbox: Sandbox | undefined;
let service: SecretService | undefined;
afterEach(async () => {
  sandbox?.dispose();
  await service?.stop();
  await provider?.stop();
});

describe.skipIf(skip)(`a keyring${why} under ${CALLERS} callers at a time`, () => {
  it(`lives on for ${SECONDS} s, and nobody is told that it cannot be used`, {
    timeout: SECONDS * 1000 + 120_000,
  }, async () => {
    provider = await startProviderProcess();
    sandbox = new Sandbox();
    service = await startSecretService("present", SECONDS * 1000 + 120_000);
    const { DBUS_SESSION_BUS_ADDRESS = "", XDG_RUNTIME_DIR = "" } = service.env;
    const env = { OIDC_TOKEN_STORE: "keyring", DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR };
    const profile = browserProfile(provider, { timeout: 60 });
    sandbox.configure({ profiles: Object.fromEntries(PROFILES.map((name) => [name, profile])) });
    const home = sandbox;
    const run = async (command: string, name: string): Promise<Outcome> => {
      const options = { env, limit: 120_000 };
      if (command === "login") return await signIn(home, ["-p", name, "--timeout", "60"], options);
      return await home.run([command, "-p", name], options);
    };
    for (const name of PROFILES) expect(await run("login", name)).toMatchObject({ code: 0 });

    const counts: Record<string, number> = {};
    const odd: string[] = [];
    const end = Date.now() + SECONDS * 1000;
    const alive = () => existsSync(`/proc/${service?.keyringPid}/exe`);
    const caller = async (number: number): Promise<void> => {
      for (let turn = number; Date.now() < end && alive(); turn += 1) {
        const command = MIX[turn % MIX.length] as string;
        const outcome = await run(command, PROFILES[(turn + number) % PROFILES.length] as string);
        counts[`${command} ${outcome.code}`] = (counts[`${command} ${outcome.code}`] ?? 0) + 1;
        // Signed out by another caller, or waiting behind nine others for two slow cores.
        if (![0, 3, 5].includes(outcome.code ?? -1))
          odd.push(`${command}: ${outcome.code} ${outcome.stderr}`);
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, (_, number) => caller(number)));
    console.info(JSON.stringify(counts));
    expect(odd).toEqual([]);
    expect(alive()).toBe(true);
  });
});
