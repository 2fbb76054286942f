import { execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { freePort } from "./free-port.js";

const EXECUTABLE = "/usr/bin/glewlwyd";
const SQLITE = "/usr/bin/sqlite3";
const MODULES = "/usr/lib/glewlwyd";
const WEBAPP = "/usr/share/glewlwyd/webapp";
const WEBAPP_SETTINGS = "/etc/glewlwyd/config-2.7.json/config.json";
const SCHEMA = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3";
const lacking = [EXECUTABLE, SQLITE, MODULES, WEBAPP, WEBAPP_SETTINGS, SCHEMA].find(
  (path) => !existsSync(path),
);

/** True where these tests can't run and may be skipped; OIDC_TOKEN_TEST_NO_SKIP makes them fail instead. */
export const glewlwydMissing = lacking !== undefined && !process.env.OIDC_TOKEN_TEST_NO_SKIP;

/** The name of a test with the reason why it is skipped. */
export function namedForGlewlwyd(name: string): string {
  return glewlwydMissing ? `${name} (skipped: there is no ${lacking})` : name;
}

/** The one person it knows. */
export const PERSON = { username: "person", password: "correct-horse-1", name: "Test Person" } as const;

/** What it may be asked for beside `openid`. */
export const SCOPE = "api";

const REDIRECT_URI = "http://127.0.0.1:8943/callback";

/** Its clients. `basic` and `post` take their secret in that one way only. */
export const CLIENTS = {
  public: { client_id: "public-cli", redirect_uri: REDIRECT_URI },
  basic: { client_id: "basic-cli", client_secret: "basic-secret_1.with~dashes", redirect_uri: REDIRECT_URI },
  post: { client_id: "post-cli", client_secret: "post-secret+/%:2", redirect_uri: REDIRECT_URI },
  service_basic: { client_id: "service-basic", client_secret: "service-secret-3" },
  service_post: { client_id: "service-post", client_secret: "service+secret/4" },
} as const;

export interface Glewlwyd {
  readonly issuer: string;
  /** What it has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts a private glewlwyd on 127.0.0.1 with its sqlite database in a temporary folder. Call `stop`. */
export async function startGlewlwyd(): Promise<Glewlwyd> {
  const root = mkdtempSync(join(tmpdir(), "oidc-token-glewlwyd-"));
  const webapp = join(root, "webapp");
  // Debian's config.json in there is a link to a folder, and serving that hangs.
  cpSync(WEBAPP, webapp, {
    recursive: true,
    dereference: true,
    filter: (path) => !path.endsWith("config.json"),
  });
  copyFileSync(WEBAPP_SETTINGS, join(webapp, "config.json"));
  const database = join(root, "glewlwyd.db");
  execFileSync(SQLITE, [database], { input: readFileSync(SCHEMA), timeout: 20_000 });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const settings = join(root, "glewlwyd.conf");
  writeFileSync(settings, serverSettings(port, webapp, database));

  const child = spawn(EXECUTABLE, [`--config-file=${settings}`], {
    env: { PATH: process.env.PATH, HOME: root, TMPDIR: root },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const glewlwyd: Glewlwyd = {
    issuer: `${origin}/api/oidc`,
    log: () => said,
    async stop() {
      const kill = setTimeout(() => child.kill("SIGKILL"), 5000);
      child.kill("SIGTERM");
      await ended;
      clearTimeout(kill);
      rmSync(root, { recursive: true, force: true });
    },
  };
  try {
    await until(async () => child.exitCode !== null || (await answers(`${origin}/config`)));
    await furnish(origin, glewlwyd.issuer);
  } catch (error) {
    await glewlwyd.stop();
    throw new Error(`glewlwyd did not start: ${said}`, { cause: error });
  }
  return glewlwyd;
}

/** The person signs in on the page that asks for it, agrees to what has not been agreed to before, and goes on. */
export async function signInAtGlewlwyd(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator("#username").fill(PERSON.username);
  await page.locator("#password").fill(PERSON.password);
  await page.locator("#loginbut").click();
  const goOn = page.getByRole("button", { name: "Continue" });
  await goOn.waitFor();
  const consent = page.locator(`#grant-${SCOPE}`);
  if (await consent.isVisible()) {
    await consent.check();
    await page.getByRole("button", { name: "Grant access" }).click();
  }
  await goOn.click();
}

function serverSettings(port: number, webapp: string, database: string): string {
  const types = {
    html: "text/html",
    css: "text/css",
    js: "application/javascript",
    json: "application/json",
  };
  const mimeTypes = Object.entries(types).map(
    ([extension, type]) => `{ extension = ".${extension}" mime_type = "${type}" }`,
  );
  return `
port = ${port}
bind_address = "127.0.0.1"
external_url = "http://127.0.0.1:${port}"
login_url = "login.html"
api_prefix = "api"
static_files_path = "${webapp}/"
log_mode = "console"
log_level = "WARNING"
cookie_secure = 0
session_expiration = 86400
session_key = "GLEWLWYD2_SESSION_ID"
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "${MODULES}/user"
client_module_path = "${MODULES}/client"
user_auth_scheme_module_path = "${MODULES}/scheme"
plugin_module_path = "${MODULES}/plugin"
hash_algorithm = "SHA512"
database = { type = "sqlite3" path = "${database}" }
static_files_mime_types = ( ${mimeTypes.join(", ")} )
`;
}

/** Provider, scope, person and clients through its REST API, as its administration pages do. */
async function furnish(origin: string, issuer: string): Promise<void> {
  let cookie = "";
  const post = async (path: string, body: object) => {
    const response = await fetch(`${origin}/api/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
    return response;
  };
  // The administrator every new database has.
  const entered = await post("auth/", { username: "admin", password: "password" });
  cookie = entered.headers.getSetCookie()[0]?.split(";")[0] ?? "";

  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await post("mod/plugin/", {
    module: "oidc",
    name: "oidc",
    display_name: "OpenID Connect",
    enabled: true,
    parameters: {
      iss: issuer,
      "jwt-type": "rsa",
      "jwt-key-size": "256",
      key: privateKey.export({ type: "pkcs8", format: "pem" }),
      cert: publicKey.export({ type: "spki", format: "pem" }),
      "access-token-duration": 3600,
      "refresh-token-duration": 86_400,
      "code-duration": 60,
      "refresh-token-rolling": true,
      "refresh-token-one-use": "always",
      "allow-non-oidc": true,
      "auth-type-code-enabled": true,
      "auth-type-client-enabled": true,
      "auth-type-device-enabled": true,
      "auth-type-refresh-enabled": true,
      "device-authorization-expiration": 300,
      "device-authorization-interval": 1,
      "pkce-allowed": true,
      "pkce-required": true,
      "introspection-revocation-allowed": true,
      "introspection-revocation-allow-target-client": true,
    },
  });
  await post("scope/", { name: SCOPE, display_name: "The API", password_required: true });
  await post("user/", { ...PERSON, enabled: true, scope: ["openid", SCOPE] });

  const common = { enabled: true, scope: ["openid", SCOPE] };
  const person = {
    ...common,
    authorization_type: ["code", "refresh_token", "device_authorization", "delete_token"],
  };
  const service = { ...common, confidential: true, authorization_type: ["client_credentials"] };
  const basic = { token_endpoint_auth_method: ["client_secret_basic"] };
  const form = { token_endpoint_auth_method: ["client_secret_post"] };
  await post("client/", { ...person, ...registration(CLIENTS.public), confidential: false });
  await post("client/", { ...person, ...registration(CLIENTS.basic), confidential: true, ...basic });
  await post("client/", { ...person, ...registration(CLIENTS.post), confidential: true, ...form });
  await post("client/", { ...service, ...CLIENTS.service_basic, ...basic });
  await post("client/", { ...service, ...CLIENTS.service_post, ...form });
}

function registration({ redirect_uri, ...client }: { client_id: string; redirect_uri: string }): object {
  return { ...client, name: client.client_id, redirect_uri: [redirect_uri] };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Asks every 50 ms; gives up after 20 s. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error("waited 20 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
