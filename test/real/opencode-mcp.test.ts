import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Gateway, startGateway } from "../support/gateway.js";
import { promptFor } from "../support/model-server.js";
import { PLUGIN } from "../support/opencode.js";
import { OpenCodeServer } from "../support/opencode-server.js";
import { named, openCodeMissing, type Setting, startSetting } from "../support/opencode-setting.js";
import { type PlainMcpServer, startPlainMcpServer } from "../support/plain-mcp-server.js";
import { API } from "../support/provider.js";
import { startTerminal } from "../support/terminal.js";

const COUNT = promptFor({ name: "company_count", arguments: {} });

describe.skipIf(openCodeMissing)(
  named("An MCP server behind the same identity provider, in OpenCode"),
  () => {
    let setting: Setting;
    let mcp: PlainMcpServer;
    let gateway: Gateway;
    let server: OpenCodeServer | undefined;
    beforeAll(async () => {
      setting = await startSetting();
      mcp = await startPlainMcpServer();
      const { issuer } = setting.provider;
      const checks = { issuer, jwks_uri: `${issuer}/jwks`, audience: API.resource };
      gateway = await startGateway({ ...checks, upstream: mcp.url });
    });
    beforeEach(async () => {
      configure({ mcp: true });
      await setting.signIn();
      gateway.requests.length = 0;
    });
    afterEach(async () => {
      await server?.stop();
      server = undefined;
      setting.provider.behaviour.access_token_ttl = 3600;
      gateway.revoked.clear();
    });
    afterAll(async () => {
      await Promise.all([mcp?.stop(), gateway?.stop()]);
      await setting?.stop();
    });

    /** One profile for both gateways, and the server among OpenCode's. */
    function configure(profile: object, { entry = {}, options = {} } = {}): void {
      const allowed_origins = [new URL(setting.gateway.url).origin, gateway.origin];
      setting.sandbox.configure({ profiles: { acme: setting.profile({ allowed_origins, ...profile }) } });
      setting.opencode.configure({
        model: "acme/large",
        small_model: "acme/small",
        plugin: [[PLUGIN, options]],
        mcp: { company: { type: "remote", url: `${gateway.url}/mcp`, ...entry } },
      });
    }

    async function status(): Promise<{ status: string; error?: string } | undefined> {
      server ??= await OpenCodeServer.start(setting.opencode);
      return ((await server.call("GET", "/mcp")) as Record<string, { status: string; error?: string }>)
        .company;
    }

    async function ask(): Promise<string> {
      server ??= await OpenCodeServer.start(setting.opencode);
      return (await server.say(await server.newSession(), COUNT)).text;
    }

    const credentials = () => new Set(gateway.requests.map(({ credential }) => credential));

    test("`serve`: a valid token at each call, in one session across an expiry", async () => {
      setting.provider.behaviour.access_token_ttl = 20;
      await setting.signIn();
      expect(await ask()).toBe("The last tool said: call 1 of this session");
      const before = credentials();
      await delay(20_500);
      gateway.requests.length = 0;
      expect(await ask()).toBe("The last tool said: call 2 of this session");
      expect(gateway.requests.every(({ allowed }) => allowed)).toBe(true);
      for (const credential of credentials()) expect(before).not.toContain(credential);
    });

    test("`serve`: a refused token is renewed once and the call repeated", async () => {
      expect(await ask()).toContain("call 1 of");
      const token = (await setting.sandbox.run(["get"])).stdout.trim();
      gateway.revoked.add(token);
      const before = setting.refreshes();
      expect(await ask()).toContain("call 2 of");
      expect(setting.refreshes() - before).toBe(1);
      const refused = gateway.requests.filter(({ allowed, body }) => !allowed && body.includes("tools/call"));
      expect(refused).toHaveLength(1);
    });

    test("`run` ends by itself, with the tool's answer", async () => {
      const { code, stdout } = await setting.opencode.run(["run", COUNT]);
      expect([code, stdout]).toEqual([0, expect.stringContaining("call 1 of this session")]);
      expect(gateway.requests.every(({ allowed }) => allowed)).toBe(true);
    });

    test("in the terminal, across an expiry", async () => {
      setting.provider.behaviour.access_token_ttl = 20;
      await setting.signIn();
      const { opencode } = setting;
      const terminal = await startTerminal(opencode.binary, opencode.env, opencode.project);
      const say = async (follows: RegExp) => {
        await terminal.type(COUNT);
        for (let i = 0; ; i++) {
          await delay(700);
          await terminal.press("Enter");
          const shown = await terminal.until(follows, 20).catch((error: Error) => error);
          if (typeof shown === "string") return;
          if (i === 2) throw shown;
        }
      };
      try {
        await terminal.until(/Ask anything.*large acme/s);
        await say(/call 1 of this session/);
        await delay(20_500);
        await say(/call 2 of this session/);
        expect(gateway.requests.every(({ allowed }) => allowed)).toBe(true);
      } finally {
        await terminal.stop();
      }
    }, 300_000);

    test("what OpenCode shows of its configuration holds no token, and the key it holds is of no use to a browser", async () => {
      expect(await status()).toEqual({ status: "connected" });
      const token = (await setting.sandbox.run(["get"])).stdout.trim();
      const config = (await server?.call("GET", "/config")) as {
        mcp: { company: { url: string; headers: Record<string, string> } };
      };
      expect(JSON.stringify(config)).not.toContain(token.slice(0, 40));
      const { url, headers } = config.mcp.company;
      const from = (more: Record<string, string>) => fetch(url, { headers: { ...more } });
      expect((await from({})).status).toBe(403);
      expect((await from({ ...headers, origin: "https://evil.example" })).status).toBe(403);
    });

    test("signed out, its status is the sentence with the command to run", async () => {
      await setting.sandbox.run(["logout", "--all"]);
      expect(await status()).toMatchObject({
        status: "failed",
        error: expect.stringContaining(
          'not signed in to profile "acme"; run: oidc-token login --profile acme',
        ),
      });
      expect(gateway.requests).toEqual([]);
    });

    test("a server that the options name gets the token, also with a header of its own", async () => {
      configure(
        {},
        { options: { mcp: { company: { profile: "acme" } } }, entry: { headers: { Authorization: "x" } } },
      );
      expect(await ask()).toContain("call 1 of this session");
    });

    test("elsewhere than at allowed_origins no token is sent, named or not", async () => {
      const allowed_origins = [new URL(setting.gateway.url).origin];
      configure({ mcp: true, allowed_origins });
      expect((await status())?.status).not.toBe("connected");
      await server?.stop();
      server = undefined;
      expect(credentials()).toEqual(new Set([undefined]));
      gateway.requests.length = 0;
      configure({ allowed_origins }, { options: { mcp: { company: { profile: "acme" } } } });
      expect((await status())?.error).toContain(`the token of profile "acme" is for ${allowed_origins[0]}`);
      expect(gateway.requests).toEqual([]);
    });

    test("with neither it is OpenCode's own matter, as is one with credentials of its own", async () => {
      configure({});
      expect((await status())?.status).not.toBe("connected");
      await server?.stop();
      server = undefined;
      configure({ mcp: true }, { entry: { headers: { Authorization: "Bearer own" } } });
      expect((await status())?.status).not.toBe("connected");
      expect(credentials()).toEqual(new Set([undefined, "own"]));
    });
  },
);
