import { writeFileSync } from "node:fs";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chromiumMissing, namedForChromium, startBrowser, type TestBrowser } from "../support/browser.js";
import { type Outcome, Sandbox } from "../support/command.js";
import {
  type Glewlwyd,
  glewlwydMissing,
  namedForGlewlwyd,
  signInAtGlewlwyd,
  startGlewlwyd,
} from "../support/glewlwyd.js";
import { CLIENTS, SCOPE } from "../support/glewlwyd-content.js";
import { loginEvents } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

type Client = keyof typeof CLIENTS;

describe.skipIf(glewlwydMissing || chromiumMissing)(
  namedForChromium(namedForGlewlwyd("glewlwyd, a second and independent provider")),
  () => {
    let glewlwyd: Glewlwyd;
    let browser: TestBrowser;
    let sandbox: Sandbox;
    beforeAll(async () => {
      glewlwyd = await startGlewlwyd();
      browser = await startBrowser();
    });
    afterAll(async () => {
      await browser?.close();
      await glewlwyd?.stop();
    });
    beforeEach(() => {
      sandbox = new Sandbox();
    });
    afterEach(() => sandbox.dispose());

    function configure(client: Client, flow: string, overrides: object = {}): void {
      const profile = {
        issuer: glewlwyd.issuer,
        flow,
        ...CLIENTS[client],
        scope: flow === "client_credentials" ? SCOPE : `openid ${SCOPE}`,
        ...overrides,
      };
      sandbox.configure({ profiles: { work: profile } });
    }

    /** `login`, with a person in Chromium who signs in and agrees. Answers also what the last page says. */
    async function signIn(): Promise<Outcome & { readonly page: string }> {
      const window = await browser.open("light");
      const login = sandbox.start(["login", "--json", "--no-browser"], { input: "", limit: 60_000 });
      for await (const event of loginEvents(login)) {
        if (event.event === "browser") await signInAtGlewlwyd(window.page, event.url);
        if (event.event === "device_code") {
          await signInAtGlewlwyd(window.page, event.verification_uri_complete ?? "");
        }
      }
      const outcome = await login.outcome;
      // The provider's own page comes in parts, and after the command has its token.
      const last = window.page
        .locator("body")
        .filter({ hasText: /Authorization complete|You are signed in/ });
      const page = await last.innerText({ timeout: 10_000 });
      await window.close();
      return { ...outcome, page };
    }

    /** The claims of what `get` prints, which is signed by this provider's published key. */
    async function claims(...args: string[]): Promise<Record<string, unknown>> {
      const outcome = await sandbox.run(["get", ...args]);
      expect(outcome).toMatchObject({ code: 0, stderr: "" });
      const keys = createRemoteJWKSet(new URL(`${glewlwyd.issuer}/jwks`));
      const { payload } = await jwtVerify(outcome.stdout.trim(), keys, { issuer: glewlwyd.issuer });
      return payload;
    }

    it.each<[Client, string]>([
      ["public", "a public client"],
      ["basic", "client_secret_basic and a secret full of dashes"],
      ["post", "client_secret_post"],
    ])("Chromium signs in and a refresh follows: %s (%s)", async (client) => {
      configure(client, "authorization_code", client === "post" ? { client_auth: "client_secret_post" } : {});
      const signedIn = await signIn();
      expect(signedIn).toMatchObject({ code: 0, stderr: "" });
      expect(signedIn.page).toContain("You are signed in");
      const { client_id } = CLIENTS[client];
      expect(await claims()).toMatchObject({ client_id, scope: `openid ${SCOPE}` });
      expect(await claims("--id-token")).toMatchObject({ aud: client_id });

      expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0, stdout: "" });
      expect(await claims()).toMatchObject({ client_id });
    });

    it.each<[Client]>([["public"], ["basic"]])("the device flow with the %s client", async (client) => {
      configure(client, "device_code");
      const signedIn = await signIn();
      expect(signedIn).toMatchObject({ code: 0, stderr: "" });
      expect(signedIn.page).toContain("Authorization complete");
      expect(await claims()).toMatchObject({ client_id: CLIENTS[client].client_id });
      expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
    });

    it("refresh tokens rotate, and one used twice ends the session with exit 3", async () => {
      configure("public", "authorization_code");
      expect(await signIn()).toMatchObject({ code: 0 });
      const file = new TokenFile(sandbox);
      const first = file.text;
      const { refresh_token } = file.tokens;
      expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
      const second = file.text;
      expect(file.tokens.refresh_token).toBeTruthy();
      expect(file.tokens.refresh_token).not.toBe(refresh_token);

      file.text = first;
      const reused = await sandbox.run(["get", "--force-refresh"]);
      expect(reused).toMatchObject({ code: 3, stdout: "" });
      expect(reused.stderr).toContain("oidc-token login --profile work");
      expect(file.tokens.refresh_token).toBeUndefined();

      // The provider has ended the whole family by then, the newest included.
      file.text = second;
      expect(await sandbox.run(["get", "--force-refresh"])).toMatchObject({ code: 3, stdout: "" });
    });

    it("six calls that find the token expired spend one refresh token between them", async () => {
      configure("post", "authorization_code", { client_auth: "client_secret_post" });
      expect(await signIn()).toMatchObject({ code: 0 });
      const file = new TokenFile(sandbox);
      const before = file.tokens;
      file.expire();
      const calls = Array.from({ length: 6 }, () => sandbox.run(["get"], { limit: 60_000 }));
      const answers = new Set((await Promise.all(calls)).map(({ code, stdout }) => `${code} ${stdout}`));
      expect([...answers]).toEqual([`0 ${file.tokens.access_token}\n`]);
      expect(file.tokens.refresh_token).not.toBe(before.refresh_token);
      // A second refresh token spent on the way would have ended the session.
      expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
    });

    it("logout revokes: the refresh token is worth nothing afterwards", async () => {
      configure("basic", "authorization_code");
      expect(await signIn()).toMatchObject({ code: 0 });
      const file = new TokenFile(sandbox);
      const { path, text } = file;
      expect(await sandbox.run(["logout"])).toMatchObject({
        code: 0,
        stderr: "oidc-token: signed out of work\n",
      });
      expect(await sandbox.run(["get"])).toMatchObject({ code: 3, stdout: "" });
      writeFileSync(path, text, { mode: 0o600 });
      expect(await sandbox.run(["get", "--force-refresh"])).toMatchObject({ code: 3, stdout: "" });
    });

    it.each<[Client, string]>([
      ["service_basic", "client_secret_basic"],
      ["service_post", "client_secret_post"],
    ])("client credentials: %s by %s, cached", async (client, client_auth) => {
      configure(client, "client_credentials", { client_auth });
      const { client_id } = CLIENTS[client];
      const payload = await claims();
      expect(payload).toMatchObject({ client_id, scope: SCOPE });
      expect(await claims()).toEqual(payload);
    });

    it.each<[Client, object, string]>([
      ["service_basic", { client_auth: "client_secret_post" }, "in the body where the header is registered"],
      ["service_post", { client_auth: "client_secret_basic" }, "in the header where the body is registered"],
      ["service_basic", { client_secret: "another-secret" }, "that is wrong"],
    ])("exit 7 for %s with %o: a secret %s", async (client, overrides) => {
      configure(client, "client_credentials", overrides);
      const outcome = await sandbox.run(["get"]);
      expect(outcome).toMatchObject({ code: 7, stdout: "" });
      expect(outcome.stderr).toMatch(/^oidc-token: [^\n]+\noidc-token: hint: [^\n]+\n$/);
      expect(outcome.stderr).not.toContain("secret-3");
    });
  },
);
