import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
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

describe.skipIf(skip)(`two homes on one keyring${why}`, () => {
  let provider: TestProvider;
  let service: SecretService;
  let homes: readonly Sandbox[];
  beforeAll(async () => {
    provider = await startProvider();
    service = await startSecretService();
    const { DBUS_SESSION_BUS_ADDRESS = "" } = service.env;
    homes = [0, 1].map(() => new Sandbox({ OIDC_TOKEN_STORE: "keyring", DBUS_SESSION_BUS_ADDRESS }));
    for (const home of homes) home.configure({ profiles: { dev: browserProfile(provider) } });
  });
  afterAll(async () => {
    for (const home of homes) home.dispose();
    await service?.stop();
    await provider?.stop();
  });

  it.each<[string, (home: Sandbox) => Readonly<Record<string, string>>]>([
    ["each with a runtime folder of its own", (home) => ({ XDG_RUNTIME_DIR: join(home.home, "run") })],
    [
      "each with another value of XDG_RUNTIME_DIR in the same home",
      ({ home }) => {
        const run = join(home, `run-${Math.random().toString(36).slice(2)}`);
        mkdirSync(run, { mode: 0o700 });
        return { XDG_RUNTIME_DIR: run };
      },
    ],
  ])("have one lock, %s: 16 whose token was refused refresh once, and nobody fails", async (_how, envOf) => {
    const [first] = homes;
    if (!first) throw new Error("no home");
    expect(await signIn(first)).toMatchObject({ code: 0 });
    const token = (await first.run(["get"])).stdout.trim();
    const rejected = createHash("sha256").update(token).digest("hex");
    const before = provider.counts["granted refresh_token"] ?? 0;
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, number) => {
        const home = homes[number % 2] as Sandbox;
        return home.run(["get", "--rejected-sha256", rejected], { env: envOf(home), limit: 40_000 });
      }),
    );
    const stored = JSON.parse(service.lookup({ service: "oidc-token" }) ?? "{}").access_token;
    expect(new Set(outcomes.map(({ code, stdout, stderr }) => `${code} ${stdout}${stderr}`))).toEqual(
      new Set([`0 ${stored}\n`]),
    );
    expect(provider.counts["granted refresh_token"]).toBe(before + 1);
    expect(await first.run(["refresh"])).toMatchObject({ code: 0 });
  });
});
