import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { startProvider } from "../support/provider.js";
import { browserProfile, loginEvents, signIn } from "../support/signed-in.js";

/** Seconds. OIDC_TOKEN_TEST_SOAK=600 for the long form. */
const SECONDS = Number(process.env.OIDC_TOKEN_TEST_SOAK ?? 20);
/** Seconds a token lives: it is refreshed again and again. */
const LIFETIME = 6;

interface Size {
  readonly descriptors: number;
  /** Of memory that is really used, in kB. */
  readonly resident: number;
  /** Below the home: tokens, cache, log, locks. */
  readonly files: number;
}

function sizeOf(pid: number, home: string): Size {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    resident: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]),
    files: readdirSync(home, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).length,
  };
}

it.skipIf(process.platform !== "linux")(
  `serve and get for ${SECONDS} s with tokens of ${LIFETIME} s: descriptors, memory and files do not grow`,
  { timeout: SECONDS * 1000 + 120_000 },
  async () => {
    const provider = await startProvider({ access_token_ttl: LIFETIME });
    const refused: string[] = [];
    const service = createServer((request, response) => {
      if (!/^Bearer eyJ/.test(request.headers.authorization ?? "")) refused.push(request.url ?? "");
      request.resume().once("end", () => response.end("fine"));
    });
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    const sandbox = new Sandbox();
    try {
      const base_url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/v1`;
      sandbox.configure({ profiles: { dev: browserProfile(provider, { base_url, timeout: 60 }) } });
      expect(await signIn(sandbox, [], { limit: 60_000 })).toMatchObject({ code: 0 });
      const server = sandbox.start(["serve", "--json"], { limit: SECONDS * 1000 + 120_000 });
      const serving = (await loginEvents(server).next()).value as unknown as { url: string; key: string };
      const counts = { requests: 0, gets: 0 };
      const odd: string[] = [];
      const end = performance.now() + SECONDS * 1000;
      const asking = async () => {
        while (performance.now() < end) {
          const headers = { authorization: `Bearer ${serving.key}` };
          const answer = await fetch(`${serving.url}/models`, { headers });
          if ((await answer.text()) !== "fine") odd.push(`serve: ${answer.status}`);
          counts.requests += 1;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const getting = async () => {
        while (performance.now() < end) {
          const { code, stderr } = await sandbox.run(["get"], { limit: 60_000 });
          if (code !== 0) odd.push(`get: ${code} ${stderr}`);
          counts.gets += 1;
        }
      };
      const sizes: Size[] = [];
      const looking = async () => {
        // Once everything is there that is made once.
        await new Promise((resolve) => setTimeout(resolve, SECONDS * 250));
        while (performance.now() < end) {
          sizes.push(sizeOf(server.pid as number, sandbox.home));
          await new Promise((resolve) => setTimeout(resolve, SECONDS * 25));
        }
      };
      await Promise.all([asking(), asking(), asking(), getting(), looking()]);
      server.kill("SIGTERM");
      expect(await server.outcome).toMatchObject({ code: 130 });
      expect({ odd, refused }).toEqual({ odd: [], refused: [] });
      const refreshes = provider.counts["granted refresh_token"] ?? 0;
      expect(refreshes).toBeGreaterThan(1);

      const third = Math.floor(sizes.length / 3);
      const most = (of: readonly Size[], what: keyof Size) => Math.max(...of.map((size) => size[what]));
      const [first, last] = [sizes.slice(0, third), sizes.slice(-third)];
      console.info(JSON.stringify({ ...counts, refreshes, first: first[0], last: last.at(-1) }));
      // A few connections and temporary files come and go.
      expect(most(last, "descriptors")).toBeLessThanOrEqual(most(first, "descriptors") + 4);
      expect(most(last, "files")).toBeLessThanOrEqual(most(first, "files") + 3);
      expect(most(last, "resident")).toBeLessThan(most(first, "resident") * 1.25);
    } finally {
      service.closeAllConnections();
      service.close();
      sandbox.dispose();
      await provider.stop();
    }
  },
);
