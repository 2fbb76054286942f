import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMAND_LINE, Sandbox } from "../support/command.js";
import { type DescribedApi, startDescribedApi } from "../support/described-api.js";
import { freePort } from "../support/free-port.js";
import { startMcpServer } from "../support/mcp-server.js";
import { createVisitor } from "../support/person.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { startTerminal, type Terminal } from "../support/terminal.js";

function tmuxMissing(): boolean {
  try {
    execFileSync("tmux", ["-V"], { timeout: 5000 });
    return false;
  } catch {
    return process.env.OIDC_TOKEN_TEST_NO_SKIP !== "1";
  }
}

const missing = tmuxMissing();

describe.skipIf(missing)(
  `from nothing to a token${missing ? " (skipped: tmux is not installed)" : ""}`,
  () => {
    let sandbox: Sandbox;
    let terminal: Terminal;
    const ends: (() => Promise<void>)[] = [];
    beforeEach(() => {
      sandbox = new Sandbox();
    });
    afterEach(async () => {
      await terminal?.stop();
      for (const end of ends.splice(0)) await end();
      sandbox.dispose();
    });

    /** `oidc-token init`, and where that ends well, `oidc-token get`. */
    async function begin(args = ""): Promise<void> {
      const script = join(sandbox.home, "session.sh");
      const command = `${COMMAND_LINE}`;
      writeFileSync(
        script,
        `${command} init ${args}\necho "[init $?]"\n${command} get --interactive never >token; echo "[get $?]"\nexec sleep 60\n`,
      );
      terminal = await startTerminal(`sh '${script}'`, { ...sandbox.env }, sandbox.home);
    }

    async function typeAddress(url: string): Promise<void> {
      await terminal.until(/Address of the API/);
      await terminal.type(url);
      await terminal.press("Enter");
    }

    const profiles = () => JSON.parse(readFileSync(join(sandbox.configDir, "config.jsonc"), "utf8")).profiles;
    const token = () => readFileSync(join(sandbox.home, "token"), "utf8").trim();

    it("with the API's address typed and Enter pressed: RFC 9728, a registered client, a sign-in with a code", async () => {
      const provider = await describedProvider();
      const api = await describedApi(provider);
      await begin();
      await typeAddress(api.url);
      const found = await terminal.until(/Write this profile and sign in/);
      expect(found).toMatch(/Found at 127\.0\.0\.1:\d+/);
      expect(found).toContain("will be registered there, for this machine");
      expect(() => profiles()).toThrow("ENOENT");
      await terminal.press("Enter");
      const shown = await terminal.until(/left \(Ctrl-C to cancel\)/);
      await createVisitor().approveDevice({
        verification_uri: `${provider.issuer}/device`,
        user_code: /[A-Z]{4}-[A-Z]{4}/.exec(shown)?.[0] ?? "",
      });
      const last = await terminal.until(/\[get \d+\]/);
      expect(last).toMatch(/\[init 0\]\n\[get 0\]/);
      expect(last).toMatch(
        /oidc-token: signed in to default as \S+, for (?:59 min|1 h 0 min); kept in the file store/,
      );
      expect(last).toMatch(/oidc-token: a token: oidc-token get\n/);
      expect(last).toContain(`oidc-token: a request: oidc-token get -f header | curl -H @- ${api.url}`);
      const claims = JSON.parse(Buffer.from(token().split(".")[1] ?? "", "base64url").toString());
      expect(claims).toMatchObject({ aud: api.url, scope: "api:read" });
      expect(last).not.toContain("eyJ");
    });

    it("of a real MCP server, made of the SDK and its auth router, whose client then takes the token", async () => {
      const server = await startMcpServer();
      ends.push(server.stop);
      await begin();
      await typeAddress(server.url);
      await terminal.until(/Write this profile and sign in/);
      await terminal.press("Enter");
      const shown = await terminal.until(/Waiting for the browser/);
      // The address is longer than a line: the screen holds it in pieces.
      const address = /\n {2}(http[\s\S]*?)\n\n/.exec(shown)?.[1]?.replaceAll("\n", "") ?? "";
      await createVisitor().visit(address);
      expect(await terminal.until(/\[get \d+\]/)).toMatch(/\[init 0\]\n\[get 0\]/);
      expect(profiles().default).toMatchObject({
        issuer: server.issuer,
        flow: "authorization_code",
        resource: server.url,
        base_url: server.url,
        scope: "mcp:tools",
      });

      const client = new Client({ name: "test", version: "1.0.0" });
      const headers = { authorization: `Bearer ${token()}` };
      const transport = new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers } });
      await client.connect(transport as Parameters<typeof client.connect>[0]);
      expect(client.getServerVersion()).toMatchObject({ name: "a real one" });
      await client.close();
    });

    it("a dead address is told at the question, which is answered again", async () => {
      const provider = await describedProvider();
      const api = await describedApi(provider);
      await begin(`http://127.0.0.1:${await freePort()}/v1 --no-login`);
      await terminal.until(/refused the connection[\s\S]*Address of the API/);
      await terminal.press("C-u");
      await terminal.type(api.url);
      await terminal.press("Enter");
      await terminal.until(/Write this profile\?/);
      await terminal.press("Enter");
      const last = await terminal.until(/\[get \d+\]/);
      expect(last).toContain("[init 0]");
      expect(last).toContain("next: oidc-token login --profile default");
    });

    it("nothing is registered or written where the person says no", async () => {
      const provider = await describedProvider();
      const api = await describedApi(provider);
      await begin(api.url);
      await terminal.until(/Write this profile and sign in/);
      await terminal.press("n");
      expect(await terminal.until(/\[get \d+\]/)).toContain("[init 130]");
      expect(provider.counts["/reg"]).toBeUndefined();
      expect(() => profiles()).toThrow("ENOENT");
    });

    async function describedProvider(): Promise<TestProvider> {
      const provider = await startProvider({
        settings: (settings) => ({
          ...settings,
          features: { ...settings.features, registration: { enabled: true, initialAccessToken: false } },
        }),
      });
      ends.push(provider.stop);
      return provider;
    }

    async function describedApi(provider: TestProvider): Promise<DescribedApi> {
      const api = await startDescribedApi();
      ends.push(api.stop);
      api.challenge = `Bearer resource_metadata="${api.origin}/.well-known/oauth-protected-resource/v1"`;
      api.at("/.well-known/oauth-protected-resource/v1", {
        document: {
          resource: api.url,
          authorization_servers: [provider.issuer],
          scopes_supported: ["api:read"],
        },
      });
      return api;
    }
  },
);
