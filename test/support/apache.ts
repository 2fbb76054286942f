import { spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.js";

const EXECUTABLE = "/usr/sbin/apache2";
const MODULES = "/usr/lib/apache2/modules";
const EXAMPLE = new URL("../../examples/gateway/apache.conf", import.meta.url);
/** What a distribution loads by itself, then what the example asks for; TLS would be the virtual host's. */
const LOADED = [
  ...["mpm_event", "authn_core", "authz_core", "authz_user"],
  ...["headers", "proxy", "proxy_http", "auth_openidc"],
];
const lacking = [EXECUTABLE, ...LOADED.map((name) => `${MODULES}/mod_${name}.so`)].find(
  (path) => !existsSync(path),
);

/** True where the Apache tests can't run and may be skipped; OIDC_TOKEN_TEST_NO_SKIP makes them fail instead. */
export const apacheMissing = lacking !== undefined && !process.env.OIDC_TOKEN_TEST_NO_SKIP;

/** The name of a test with the reason why it is skipped. */
export function namedForApache(name: string): string {
  return apacheMissing ? `${name} (skipped: there is no ${lacking})` : name;
}

/** The values the example leaves to fill in. */
export interface ExampleValues {
  readonly ISSUER: string;
  readonly JWKS_URI: string;
  readonly AUDIENCE: string;
  readonly SCOPE: string;
  readonly UPSTREAM: string;
}

export interface Apache {
  readonly origin: string;
  /** What it has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts a private Apache with examples/gateway/apache.conf filled in, on 127.0.0.1 over plain http. `switched_on` names
 * a directive that the example has commented out. Call `stop`.
 */
export async function startApache(
  values: ExampleValues,
  ca_file: string,
  switched_on?: string,
): Promise<Apache> {
  const root = mkdtempSync(join(tmpdir(), "oidc-token-apache-"));
  // Its workers are another user and read the certificate.
  chmodSync(root, 0o755);
  copyFileSync(ca_file, join(root, "ca.pem"));
  const port = await freePort();
  const errorLog = join(root, "error.log");
  const settings = [
    `ServerRoot "${root}"`,
    `DefaultRuntimeDir "${root}"`,
    `PidFile "${root}/apache.pid"`,
    `ErrorLog "${errorLog}"`,
    "ServerName 127.0.0.1",
    `Listen 127.0.0.1:${port}`,
    ...LOADED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`),
    ...(process.getuid?.() === 0 ? ["User www-data", "Group www-data"] : []),
    "StartServers 1",
    `<VirtualHost 127.0.0.1:${port}>`,
    `OIDCCABundlePath "${root}/ca.pem"`,
    withDirective(filledIn(readFileSync(EXAMPLE, "utf8"), values), switched_on),
    "</VirtualHost>",
  ];
  const file = join(root, "apache.conf");
  writeFileSync(file, `${settings.join("\n")}\n`);

  const child = spawn(EXECUTABLE, ["-d", root, "-f", file, "-D", "FOREGROUND"], {
    env: { PATH: process.env.PATH, TMPDIR: root },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const log = () => said + (existsSync(errorLog) ? readFileSync(errorLog, "utf8") : "");
  const origin = `http://127.0.0.1:${port}`;
  const apache: Apache = {
    origin,
    log,
    async stop() {
      const kill = setTimeout(() => child.kill("SIGKILL"), 10_000);
      child.kill("SIGTERM");
      await ended;
      clearTimeout(kill);
      rmSync(root, { recursive: true, force: true });
    },
  };

  const until = Date.now() + 20_000;
  while (child.exitCode === null && Date.now() < until) {
    if (await answers(origin)) return apache;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const reason = log();
  await apache.stop();
  throw new Error(`Apache did not start: ${reason}`);
}

function filledIn(example: string, values: ExampleValues): string {
  let text = example;
  for (const [name, value] of Object.entries(values)) {
    const line = new RegExp(`^(Define ${name} +)\\S+$`, "m");
    if (!line.test(text)) throw new Error(`the example has no line "Define ${name} …"`);
    text = text.replace(line, (_line, start: string) => start + value);
  }
  return text;
}

function withDirective(example: string, directive: string | undefined): string {
  if (directive === undefined) return example;
  const line = new RegExp(`^( *)#(${directive} )`, "m");
  if (!line.test(example)) throw new Error(`the example has no line "#${directive} …"`);
  return example.replace(line, "$1$2");
}

async function answers(origin: string): Promise<boolean> {
  try {
    const response = await fetch(origin, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
