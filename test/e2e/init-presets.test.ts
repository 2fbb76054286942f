import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { createVisitor } from "../support/person.js";
import { FIXTURES } from "../support/provider-fixtures/index.js";
import { startFixture } from "../support/provider-fixtures/server.js";
import { loginEvents } from "../support/signed-in.js";

/** Milliseconds one command may take; generous, for they share the machine. */
const LIMIT = 60_000;

describe("from the provider's address to a token, with no more than the client and what the provider needs:", () => {
  it.concurrent.each(FIXTURES.map((fixture) => [fixture.preset, fixture] as const))(
    "%s",
    async (preset, fixture) => {
      // Tests that run at once share no expect but their own.
      const { expect } = await import("vitest");
      const server = await startFixture(fixture);
      const { client_id, client_secret, audience, scope } = fixture.profile as Record<
        string,
        string | undefined
      >;
      const sandbox = new Sandbox({ ...(client_secret !== undefined && { SECRET: client_secret }) });
      try {
        const options = [
          ...[
            "--preset",
            preset,
            "--client-id",
            `${client_id}`,
            "--redirect-uri",
            "http://127.0.0.1/callback",
          ],
          ...(client_secret === undefined ? [] : ["--client-secret", "{env:SECRET}"]),
          ...(audience === undefined ? [] : ["--audience", audience]),
          ...(scope === undefined ? [] : ["--scope", scope]),
        ];
        const init = await sandbox.run(["init", `${server.origin}${fixture.issuer_path}`, ...options], {
          limit: LIMIT,
        });
        expect(init, init.stderr).toMatchObject({ code: 0 });
        const { profiles } = JSON.parse(readFileSync(`${sandbox.configDir}/config.jsonc`, "utf8"));
        const [profile] = Object.values(profiles) as { flow: string | string[] }[];
        // Of the ways to sign in, those the provider has, and no others.
        expect([profile?.flow].flat().includes("device_code"), JSON.stringify(profile)).toBe(
          fixture.device !== undefined,
        );
        const login = sandbox.start(["login", "--json", "--no-browser"], { input: "", limit: LIMIT });
        for await (const event of loginEvents(login)) {
          if (event.event === "browser") await createVisitor().visit(event.url);
        }
        expect(await login.outcome).toMatchObject({ code: 0 });
        expect((await sandbox.run(["get"], { limit: LIMIT })).stdout).toContain(
          `${server.issued.at(-1)?.access_token}`,
        );
      } finally {
        sandbox.dispose();
        await server.stop();
      }
    },
  );
});
