import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { onTestFinished } from "vitest";
import {
  type ConfigChoice,
  type LoadedConfig,
  loadConfig,
  type Surroundings,
} from "../../../src/config/load.js";
import { OidcTokenError } from "../../../src/errors.js";

/** A home of its own for one test, removed when the test ends. */
export class Sandbox {
  readonly home: string;
  readonly config: string;
  /** The user's configuration file, at its usual place. */
  readonly file: string;

  constructor() {
    this.home = realpathSync(mkdtempSync(join(tmpdir(), "oidc-token-config-")));
    onTestFinished(() => rmSync(this.home, { recursive: true, force: true }));
    this.config = join(this.home, ".config", "oidc-token");
    this.file = join(this.config, "config.jsonc");
  }

  /** Writes a file, `~` being this home, and answers its path. */
  write(path: string, content: string | Uint8Array | object, mode = 0o600): string {
    const absolute = normalize(path.replace(/^~/, this.home));
    mkdirSync(dirname(absolute), { recursive: true });
    const isJson = typeof content === "object" && !(content instanceof Uint8Array);
    writeFileSync(absolute, isJson ? JSON.stringify(content, null, 2) : content, { mode });
    return absolute;
  }

  /** Writes the user's configuration file. */
  configure(content: string | Uint8Array | object): string {
    return this.write(this.file, content);
  }

  load(options: ConfigChoice & Partial<Surroundings> = {}): LoadedConfig {
    const { env = {}, cwd = this.home, stderr, ...choice } = options;
    const paths = { home: this.home, config: this.config, data: join(this.home, "data") };
    return loadConfig({ env, cwd, paths, ...(stderr && { stderr }) }, choice);
  }
}

export interface Failure {
  readonly kind: string;
  readonly message: string;
  readonly hint: string;
}

/** What `act` fails with; anything but an OidcTokenError fails the test. `~` stands for the sandbox's home. */
export function failure(act: () => unknown, sandbox?: Sandbox): Failure {
  try {
    act();
  } catch (error) {
    if (!(error instanceof OidcTokenError)) throw error;
    const short = (text: string) => (sandbox ? withSlashes(text.replaceAll(sandbox.home, "~")) : text);
    return { kind: error.kind, message: short(error.message), hint: short(error.hint) };
  }
  throw new Error("it did not fail");
}

/** Paths below `~` as they are written in the tests, on every platform. */
function withSlashes(text: string): string {
  if (process.platform !== "win32") return text;
  return text.replace(/~\\[^:\s,]*/g, (path) => path.replaceAll("\\", "/"));
}

export const PUBLIC_CLIENT = { issuer: "https://id.example.com", client_id: "cli" };
