import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { given } from "../../../src/given.js";
import { BIN, type Outcome, Sandbox } from "../command.js";
import { type Gateway, startGateway } from "../gateway.js";
import { API, type ProviderOptions, startProvider, type TestProvider } from "../provider.js";
import { browserProfile, signIn } from "../signed-in.js";
import { TokenFile } from "../token-file.js";

/** No tool asks for updates or tells anybody anything, and none goes through a proxy. */
const QUIET = {
  CI: "",
  NO_PROXY: "127.0.0.1,localhost",
  DO_NOT_TRACK: "1",
  NO_UPDATE_NOTIFIER: "1",
  npm_config_update_notifier: "false",
  CHECKPOINT_DISABLE: "1",
  DISABLE_TELEMETRY: "1",
  DISABLE_AUTOUPDATER: "1",
  DISABLE_ERROR_REPORTING: "1",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  AWS_EC2_METADATA_DISABLED: "true",
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_NOSYSTEM: "1",
} as const;

const XDG = ["CONFIG_HOME", "DATA_HOME", "CACHE_HOME", "STATE_HOME", "RUNTIME_DIR"];

export interface RunToolOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Milliseconds. */
  readonly limit?: number;
}

export interface BenchOptions {
  /** Keys of the profile beside the usual ones; it is told the gateway's origin. */
  readonly profile?: (origin: string) => object;
  /** What stands behind the gateway; without it, it answers itself. */
  readonly upstream?: string | undefined;
  readonly provider?: ProviderOptions;
}

/**
 * A person with a company's profile `corp`, signed in, and a tool that knows nothing but HOME and PATH: the provider is
 * a real one, the gateway lets through what it has signed.
 */
export class Bench {
  readonly #before = new Map<string, string | undefined>();

  private constructor(
    readonly provider: TestProvider,
    readonly gateway: Gateway,
    readonly sandbox: Sandbox,
    readonly config: string,
  ) {}

  static async start({ profile, upstream, provider: options = {} }: BenchOptions = {}): Promise<Bench> {
    const provider = await startProvider(options);
    const gateway = await startGateway({
      issuer: provider.issuer,
      jwks_uri: `${provider.issuer}/jwks`,
      audience: API.resource,
      ...given({ upstream }),
    });
    const sandbox = new Sandbox();
    // Where a tool that clears the environment would look as well.
    for (const [name, place] of [
      ["config", ".config"],
      ["data", ".local/share"],
      ["cache", ".cache"],
    ] as const) {
      mkdirSync(join(sandbox.home, place), { recursive: true });
      symlinkSync(place, join(sandbox.home, name));
    }
    const corp = browserProfile(provider, { base_url: gateway.url, ...profile?.(gateway.origin) });
    const text = `{\n  // mine\n  "store": "file",\n  "profiles": ${JSON.stringify({ corp })},\n}\n`;
    const config = sandbox.configure(text);
    const bench = new Bench(provider, gateway, sandbox, config);
    bench.#before.set(config, text);
    const { code, stderr } = await signIn(sandbox, [], { env: bench.#noFolders });
    if (code !== 0) throw new Error(stderr);
    bench.#programsOnPath();
    return bench;
  }

  get home(): string {
    return this.sandbox.home;
  }

  get tokens(): TokenFile {
    return new TokenFile(this.sandbox);
  }

  /** Refresh tokens that the provider has exchanged. */
  get refreshes(): number {
    return this.provider.counts["granted refresh_token"] ?? 0;
  }

  /** What a tool is started with: HOME, PATH and what keeps it quiet. */
  get env(): Record<string, string> {
    return { ...QUIET, HOME: this.home, PATH: `${join(this.home, "bin")}:${process.env.PATH ?? ""}` };
  }

  /** A file that is there before. */
  file(path: string, text?: string, mode = 0o600): string {
    const whole = join(this.home, path);
    this.#before.set(whole, text);
    mkdirSync(dirname(whole), { recursive: true });
    if (text === undefined) return whole;
    writeFileSync(whole, text);
    chmodSync(whole, mode);
    return whole;
  }

  /** `setup TOOL … --write`, twice, of which the second does nothing. */
  async setup(tool: string, ...args: readonly string[]): Promise<Outcome> {
    const once = await this.command("setup", tool, ...args, "--write", "--yes");
    const twice = await this.command("setup", tool, ...args, "--write", "--yes");
    if (once.code !== 0 || twice.stdout !== "")
      throw new Error(`setup ${tool}: ${once.stderr}${twice.stdout}`);
    return once;
  }

  /** `setup TOOL --undo`; answers the files that are not byte for byte what they were before. */
  async undo(tool: string): Promise<string[]> {
    const { code, stderr } = await this.command("setup", tool, "--undo", "--yes");
    if (code !== 0) throw new Error(stderr);
    return [...this.#before]
      .filter(([path, text]) => (existsSync(path) ? readFileSync(path, "utf8") : undefined) !== text)
      .map(([path]) => path);
  }

  /** `oidc-token` as a person runs it. */
  async command(...args: readonly string[]): Promise<Outcome> {
    return await this.sandbox.run(args, { env: { ...this.#noFolders, ...this.env }, limit: 60_000 });
  }

  /** Runs a tool to its end. */
  async run(program: string, args: readonly string[], options: RunToolOptions = {}): Promise<Outcome> {
    const begun = performance.now();
    const child = spawn(program, args, {
      cwd: options.cwd ?? this.home,
      env: { ...this.env, ...options.env },
      stdio: "pipe",
      detached: true,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    const limit = setTimeout(() => child.pid && process.kill(-child.pid, "SIGKILL"), options.limit ?? 60_000);
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        clearTimeout(limit);
        resolve({ code, signal, stdout, stderr, took: performance.now() - begun });
      });
    });
  }

  /**
   * What a tool must do over the life of a token: use the one there is, without a refresh; get another when that has
   * expired, by one refresh; and, where the tool asks again after a 401, another when the server refuses that, too.
   */
  async live(
    use: () => Promise<void>,
    after_refusal: "recovers" | "does not ask again",
    token: "access_token" | "id_token" = "access_token",
  ): Promise<void> {
    const { refreshes } = this;
    await use();
    expect(this.refreshes - refreshes).toBe(0);
    if (token === "id_token") {
      // One of the same second would be the same to the letter.
      await pause(1_000);
      this.tokens.change({ id_token: expired(this.tokens.tokens.id_token ?? "") });
    } else this.tokens.expire();
    await use();
    expect(this.refreshes - refreshes).toBe(1);
    if (after_refusal !== "recovers") return;
    this.gateway.revoked.add(this.tokens.tokens.access_token);
    await use();
    expect(this.refreshes - refreshes).toBe(2);
  }

  async stop(): Promise<void> {
    this.sandbox.dispose();
    await this.gateway.stop();
    await this.provider.stop();
  }

  get #noFolders(): Record<string, undefined> {
    return Object.fromEntries(XDG.map((name) => [`XDG_${name}`, undefined]));
  }

  /** As `npm install --global` leaves them: links named after the programs. */
  #programsOnPath(): void {
    const bin = join(this.home, "bin");
    mkdirSync(bin);
    const { bin: programs } = JSON.parse(readFileSync(join(dirname(BIN), "..", "package.json"), "utf8")) as {
      bin: Record<string, string>;
    };
    for (const [name, path] of Object.entries(programs))
      symlinkSync(join(dirname(BIN), "..", path), join(bin, name));
  }
}

/** The same JWT with an expiry in the past; its signature no longer counts, nor has it to. */
function expired(jwt: string): string {
  const [header, payload = "", signature] = jwt.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  const exp = Math.floor(Date.now() / 1000) - 1;
  return [header, Buffer.from(JSON.stringify({ ...claims, exp })).toString("base64url"), signature].join(".");
}
