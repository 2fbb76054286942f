import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lockFolders } from "../../src/store/lock-folders.js";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { CLIENTS, startProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

it.each(["get", "refresh"])(
  "%s that was stopped in a refresh for so long that it counted as dead, and a logout came: what the provider had answered is revoked and not kept",
  async (command) => {
    const provider = await startProvider();
    const sandbox = new Sandbox();
    try {
      sandbox.configure({ profiles: { dev: browserProfile(provider, { timeout: 30 }) } });
      expect(await signIn(sandbox)).toMatchObject({ code: 0 });
      const file = new TokenFile(sandbox);
      file.expire();
      const lock = join(lockFolders(sandbox.env, "")[0] as string, file.account);
      await provider.fault({ kind: "slow", ms: 300, path: "/token" });
      const child = sandbox.start([command], { input: "", limit: 60_000 });
      await expect.poll(() => provider.counts["/token"] ?? 0, { timeout: 20_000 }).toBe(2);
      child.kill("SIGSTOP");
      await expect.poll(() => provider.counts["granted refresh_token"] ?? 0, { timeout: 20_000 }).toBe(1);
      // As a process of another container looks from here: only its heartbeat tells that it lives.
      const entry = join(lock, String(Math.max(...readdirSync(lock).map(Number).filter(Number.isInteger))));
      writeFileSync(
        entry,
        JSON.stringify({ ...JSON.parse(readFileSync(entry, "utf8")), place: "elsewhere" }),
      );

      // Without a word to the provider, so that nobody else ends what it has just issued.
      expect(await sandbox.run(["logout", "--local"], { limit: 60_000 })).toMatchObject({ code: 0 });
      child.kill("SIGCONT");
      const { message, hint } = expectFailure(await child.outcome, 3);
      expect(message).toBe('profile "dev" was signed out while this was under way, so what came was revoked');
      expect(hint).toBe("run: oidc-token login --profile dev");
      expect(file.names).toEqual([]);
      const issued = provider.exchanges
        .filter(({ status, path }) => status === 200 && path === "/token")
        .at(-1);
      const body = new URLSearchParams({
        grant_type: "refresh_token",
        client_id: CLIENTS.public.client_id,
        refresh_token: String(issued?.answered.refresh_token),
      });
      const answer = await fetch(`${provider.issuer}/token`, { method: "POST", body });
      expect(await answer.json()).toMatchObject({ error: "invalid_grant" });
    } finally {
      sandbox.dispose();
      await provider.stop();
    }
  },
);
