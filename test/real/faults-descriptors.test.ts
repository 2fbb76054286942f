import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
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

describe.skipIf(skip)(`a keyring and few file descriptors${why}`, () => {
  let provider: TestProvider;
  let service: SecretService;
  let sandbox: Sandbox;
  beforeAll(async () => {
    provider = await startProvider();
    service = await startSecretService();
    const { DBUS_SESSION_BUS_ADDRESS = "" } = service.env;
    sandbox = new Sandbox({ OIDC_TOKEN_STORE: "keyring", DBUS_SESSION_BUS_ADDRESS });
    sandbox.configure({ profiles: { dev: browserProfile(provider) } });
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    // From here on, get has its snapshot: the hot path asks the bus.
    expect(await sandbox.run(["get"])).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    sandbox?.dispose();
    await service?.stop();
    await provider?.stop();
  });

  it.each([
    ["get", ["get"]],
    ["get --force-refresh", ["get", "--force-refresh"]],
    ["status", ["status"]],
  ])("%s ends well, or with exit 5 or 6 and a sentence, and the session lives", async (_what, args) => {
    const codes = new Set<number | null>();
    for (let limit = 19; limit < 40; limit += 2) {
      const bare = spawnSync("sh", ["-c", `ulimit -n ${limit}; exec "$0" -e 0`, process.execPath]);
      if (bare.status !== 0) continue;
      const outcome = await sandbox.run(args, {
        through: ["sh", "-c", `ulimit -n ${limit}; exec "$0" "$@"`],
      });
      codes.add(outcome.code);
      expect(outcome.took).toBeLessThan(10_000);
      if (outcome.code === 0) continue;
      // Fewer than the runtime needs to load a script: it tells that itself.
      if (/node:internal/.test(outcome.stderr) && limit < 20) continue;
      expectFailure(outcome, outcome.code === 6 ? 6 : 5);
    }
    expect(codes).toContain(0);
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
  });
});
