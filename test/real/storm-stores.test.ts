import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { type ProviderProcess, startProviderProcess } from "../support/provider-process.js";
import {
  missingSecretServiceParts,
  type SecretService,
  startSecretService,
} from "../support/secret-service.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { expectAccepted } from "../support/storm.js";

/** Processes and rounds; OIDC_TOKEN_TEST_STORM=50x6 for the long form. */
const [PROCESSES = 12, ROUNDS = 2] = (process.env.OIDC_TOKEN_TEST_STORM ?? "12x2").split("x").map(Number);
/** Milliseconds for one round on two slow cores that others use as well. */
const ROUND = 120_000;

const parts = missingSecretServiceParts();
const noKeyring =
  process.platform !== "linux" || (parts.length > 0 && process.env.OIDC_TOKEN_TEST_NO_SKIP !== "1");

describe.each([
  { store: "file", skip: false },
  { store: "keyring", skip: noKeyring },
])("$store", ({ store, skip }) => {
  it.skipIf(skip)(
    `${PROCESSES} at once whose token was refused, ${ROUNDS} times: one refresh each time, nobody fails`,
    {
      timeout: (ROUNDS + 1) * ROUND,
    },
    async () => {
      let provider: ProviderProcess | undefined;
      let service: SecretService | undefined;
      const sandbox = new Sandbox();
      try {
        provider = await startProviderProcess();
        if (store === "keyring") service = await startSecretService("present", (ROUNDS + 1) * ROUND);
        const { DBUS_SESSION_BUS_ADDRESS = "" } = service?.env ?? {};
        const env = { OIDC_TOKEN_STORE: store, DBUS_SESSION_BUS_ADDRESS };
        const options = { env, limit: ROUND };
        sandbox.configure({ profiles: { dev: browserProfile(provider, { timeout: 60 }) } });
        expect(await signIn(sandbox, [], options)).toMatchObject({ code: 0 });
        for (let round = 1; round <= ROUNDS; round += 1) {
          const token = (await sandbox.run(["get"], options)).stdout.trim();
          const rejected = createHash("sha256").update(token).digest("hex");
          const outcomes = await Promise.all(
            Array.from({ length: PROCESSES }, () =>
              sandbox.run(["get", "--rejected-sha256", rejected], options),
            ),
          );
          const said = new Set(outcomes.map(({ code, stdout, stderr }) => `${code} ${stdout}${stderr}`));
          const [answer = ""] = said;
          expect(said).toEqual(new Set([expect.stringMatching(/^0 eyJ\S+\n$/)]));
          expect(answer).not.toContain(token);
          await expectAccepted(provider.issuer, [answer.slice(2).trim()]);
          expect((await provider.counts())["granted refresh_token"]).toBe(round);
        }
        expect(await sandbox.run(["refresh"], options)).toMatchObject({ code: 0 });
      } finally {
        await service?.stop();
        await provider?.stop();
        sandbox.dispose();
      }
    },
  );
});
