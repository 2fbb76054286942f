import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { freePort } from "./free-port.js";
import { furnish, PERSON, SCOPE } from "./glewlwyd-content.js";

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
