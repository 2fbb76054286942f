import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Outcome, Sandbox } from "../support/command.js";
import { OCI_VERIFICATION_URI, type OciProvider, startOciProvider } from "../support/oci-provider.js";
import { createVisitor } from "../support/person.js";
import { loginEvents } from "../support/signed-in.js";

/** Milliseconds; OCI gives no interval, so each poll takes five seconds. */
const LIMIT = 60_000;

/** Only there can a test put something in the place of the browser. */
const HAS_BROWSER = process.platform === "linux";
const NO_BROWSER = HAS_BROWSER ? [] : ["--no-browser"];

let provider: OciProvider;
let sandbox: Sandbox;
/** What the browser was opened with. */
let opened: string;
/** A desktop whose browser only notes the address. */
let desktop: Record<string, string>;

beforeAll(async () => {
  provider = await startOciProvider();
  sandbox = new Sandbox();
  opened = join(sandbox.home, "opened");
  const browser = join(sandbox.home, "browser");
  writeFileSync(browser, `#!/bin/sh\nprintf %s "$1" >"${opened}.part" && mv "${opened}.part" "${opened}"\n`, {
    mode: 0o700,
  });
  // Without the machine's own desktop entries xdg-open takes $BROWSER.
  desktop = { DISPLAY: ":9", BROWSER: browser, XDG_DATA_DIRS: join(sandbox.home, "no-desktop-entries") };
  const oci = {
    preset: "oci",
    issuer: provider.issuer,
    ...provider.client,
    redirect_uri: provider.redirect_uri,
    scope: "openid offline_access api:read",
  };
  sandbox.configure({
    default_profile: "browser",
    profiles: { browser: { ...oci, flow: "authorization_code" }, device: { ...oci, flow: "device_code" } },
  });
});
afterAll(async () => {
  sandbox.dispose();
  await provider.stop();
});

async function noted(): Promise<string> {
  for (let waited = 0; !existsSync(opened); waited += 50) {
    if (waited > 20_000) throw new Error("no browser was opened");
    await delay(50);
  }
  return readFileSync(opened, "utf8");
}

describe("an OCI identity domain", () => {
  it("is signed in to with the browser by a confidential application", { timeout: LIMIT }, async () => {
    const login = sandbox.start(["login", "--json", ...NO_BROWSER], {
      input: "",
      env: desktop,
      limit: LIMIT,
    });
    for await (const event of loginEvents(login)) {
      if (event.event !== "browser") continue;
      const url = new URL(event.url);
      expect(url.origin + url.pathname).toBe(`${provider.issuer}/oauth2/v1/authorize`);
      expect(url.searchParams.get("redirect_uri")).toBe(provider.redirect_uri);
      if (HAS_BROWSER) expect(await noted()).toBe(event.url);
      expect((await createVisitor().visit(event.url)).status).toBe(200);
    }
    expect(await login.outcome).toMatchObject({ code: 0 });
  });

  it("hands out an access token of more than 3.3 kB whole", async () => {
    const { stdout } = await sandbox.run(["get"], { limit: LIMIT });
    expect(stdout.length).toBeGreaterThan(3300);
    expect(stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const issued = provider.exchanges.at(-1)?.answered.access_token;
    expect(stdout).toBe(`${issued}\n`);
  });

  it("is given each refresh token once, the newest each time", async () => {
    const before = provider.exchanges.length;
    for (let times = 0; times < 2; times += 1) {
      expect(await sandbox.run(["refresh"], { limit: LIMIT })).toMatchObject({ code: 0 });
    }
    const refreshes = provider.exchanges.slice(before);
    const used = refreshes.map(({ asked }) => asked.refresh_token);
    expect(refreshes.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(used).size).toBe(2);
    expect(used[1]).toBe(refreshes[0]?.answered.refresh_token);
  });

  it("is signed in to with a device code; its http address is shown and never opened", {
    timeout: LIMIT,
  }, async () => {
    rmSync(opened, { force: true });
    const login = sandbox.start(["login", "--json", "-p", "device"], {
      input: "",
      env: desktop,
      limit: LIMIT,
    });
    let shown: Record<string, unknown> = {};
    for await (const event of loginEvents(login)) {
      if (event.event !== "device_code") continue;
      shown = { ...event };
      const page = { verification_uri: provider.device_page, user_code: event.user_code };
      expect((await createVisitor().approveDevice(page)).html).toContain("signed in");
    }
    expect(await login.outcome).toMatchObject({ code: 0 });
    expect(shown).toMatchObject({ verification_uri: OCI_VERIFICATION_URI });
    expect(shown).not.toHaveProperty("verification_uri_complete");
    expect(existsSync(opened)).toBe(false);
    expect((await sandbox.run(["get", "-p", "device"], { limit: LIMIT })).stdout).toMatch(/^eyJ/);
    expect(await sandbox.run(["refresh", "-p", "device"], { limit: LIMIT })).toMatchObject({ code: 0 });
  });

  it("is signed out of at its own revocation endpoint", async () => {
    expect(await sandbox.run(["logout"], { limit: LIMIT })).toMatchObject({ code: 0 });
    expect(provider.counts["/oauth2/v1/revoke"]).toBe(2);
  });
});

describe("the issuer of an OCI identity domain", () => {
  const login = (): Promise<Outcome> =>
    sandbox.run(["login", "--no-browser", "--timeout", "2"], { limit: LIMIT });
  const change = async (document: Record<string, unknown>, check: () => Promise<void>) => {
    Object.assign(provider.document, document);
    await check().finally(() => {
      for (const name of Object.keys(document)) delete provider.document[name];
    });
  };

  it("may be another than the domain's URL, but no endpoint may be on another host", async () => {
    await change({ token_endpoint: "https://evil.example/oauth2/v1/token" }, async () => {
      const outcome = await login();
      expect(outcome).toMatchObject({ code: 4, stdout: "" });
      expect(outcome.stderr).toContain("names a token_endpoint on another host, evil.example");
    });
  });

  it("in the answer to the sign-in must be the one in the document", { timeout: LIMIT }, async () => {
    await change({ issuer: "https://somebody.else.example/" }, async () => {
      const process = sandbox.start(["login", "--json", "--no-browser"], { input: "", limit: LIMIT });
      for await (const event of loginEvents(process)) {
        if (event.event === "browser") await createVisitor().visit(event.url);
      }
      const outcome = await process.outcome;
      expect(outcome.code).toBe(7);
      expect(outcome.stderr).toContain("the answer to the sign-in came from another issuer");
    });
  });

  it("without the preset is refused for not being the domain's URL", async () => {
    const env = { OIDC_TOKEN_PRESET: "generic" };
    const outcome = await sandbox.run(["login", "--no-browser"], { env, limit: LIMIT });
    expect(outcome.code).toBe(4);
    expect(outcome.stderr).toContain("calls itself https://identity.oraclecloud.com/");
  });
});
