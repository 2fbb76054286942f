import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BIN } from "../support/command.js";
import { type DescribedApi, startDescribedApi } from "../support/described-api.js";
import { startGateway } from "../support/gateway.js";
import { PLUGIN } from "../support/opencode.js";
import { named, openCodeMissing, type Setting, startSetting } from "../support/opencode-setting.js";
import { createVisitor } from "../support/person.js";
import { startProvider, type TestProvider } from "../support/provider.js";

const EXAMPLE = new URL("../../examples/gateway/opencode-well-known.json", import.meta.url);

describe.skipIf(openCodeMissing)(named("One address for a company"), () => {
  let setting: Setting;
  let provider: TestProvider;
  let api: DescribedApi;
  let credentials: (string | undefined)[];
  beforeAll(async () => {
    setting = await startSetting();
    provider = await startProvider({
      settings: (settings) => ({
        ...settings,
        features: { ...settings.features, registration: { enabled: true, initialAccessToken: false } },
      }),
    });
    api = await startDescribedApi();
    const gateway = await startGateway({
      issuer: provider.issuer,
      jwks_uri: `${provider.issuer}/jwks`,
      audience: api.url,
      upstream: setting.model.url,
    });
    credentials = [];
    for (const path of ["/v1/models", "/v1/chat/completions"]) {
      api.at(path, {
        act: async (request, response) => {
          const chunks: Buffer[] = [];
          for await (const chunk of request) chunks.push(chunk as Buffer);
          const { authorization = "", "content-type": type = "application/json" } = request.headers;
          credentials.push(authorization.replace("Bearer ", ""));
          const body = request.method === "POST" ? { body: Buffer.concat(chunks) } : {};
          const headers = { authorization, "content-type": type };
          const answer = await fetch(`${gateway.origin}${path}`, {
            method: request.method ?? "GET",
            headers,
            ...body,
          });
          const kind = answer.headers.get("content-type") ?? "text/plain";
          response.writeHead(answer.status, { "content-type": kind }).end(await answer.text());
        },
      });
    }
    api.at("/.well-known/oauth-protected-resource/v1", {
      document: {
        resource: api.url,
        authorization_servers: [provider.issuer],
        scopes_supported: ["api:read"],
      },
    });
    // What is published, with this build in the place of npm's, and this machine in the place of llm.example.com.
    const text = readFileSync(EXAMPLE, "utf8")
      .replaceAll("npx --yes oidc-token", `${process.execPath} ${BIN}`)
      .replaceAll("https://llm.example.com", api.origin)
      .replace('"oidc-token"]', `"${PLUGIN}"]`);
    api.at("/.well-known/opencode", { document: JSON.parse(text) });
    setting.sandbox.configure({});
    writeFileSync(join(setting.opencode.configDir, "opencode.json"), "{}");
  });
  afterAll(async () => {
    await Promise.all([provider?.stop(), api?.stop()]);
    await setting?.stop();
  });

  test("`opencode auth login URL` makes the profile, signs in, and keeps a word that never goes stale", async () => {
    const { opencode } = setting;
    const login = spawn(opencode.binary, ["auth", "login", api.origin], {
      cwd: opencode.project,
      env: opencode.env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 120_000,
    });
    let said = "";
    let approved = false;
    for (const stream of [login.stdout, login.stderr]) {
      stream.setEncoding("utf8").on("data", (data: string) => {
        said += data;
        const [user_code] = /[A-Z]{4}-[A-Z]{4}/.exec(said) ?? [];
        if (!user_code || approved) return;
        approved = true;
        void createVisitor().approveDevice({ verification_uri: `${provider.issuer}/device`, user_code });
      });
    }
    expect(await new Promise((resolve) => login.once("close", resolve)), said).toBe(0);
    expect(said).toContain(`Logged into ${api.origin}`);
    const auth = readFileSync(join(setting.sandbox.home, "data", "opencode", "auth.json"), "utf8");
    expect(JSON.parse(auth)).toEqual({
      [api.origin]: { type: "wellknown", key: "COMPANY_LLM", token: "signed-in-by-oidc-token" },
    });
  });

  test("afterwards OpenCode has plugin, provider and model from that address, and a valid token at each request", async () => {
    const first = await setting.opencode.run(["run", "hi"]);
    expect(first.stdout + first.stderr).toContain("Hello from the model");
    expect((await setting.sandbox.run(["refresh", "--profile", "company"])).code).toBe(0);
    const before = new Set(credentials);
    credentials.length = 0;
    const second = await setting.opencode.run(["run", "hi"]);
    expect(second.stdout + second.stderr).toContain("Hello from the model");
    for (const credential of credentials) {
      expect(credential).toMatch(/^eyJ/);
      expect(before).not.toContain(credential);
    }
    expect(credentials.length).toBeGreaterThan(0);
  });
});
