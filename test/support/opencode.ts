import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Outcome, Sandbox } from "./command.js";

/** The release the plugin is tested against. */
export const OPENCODE_VERSION = "1.18.33";
export const PLUGIN = pathToFileURL(fileURLToPath(new URL("../../dist/opencode.js", import.meta.url))).href;

/**
 * The real OpenCode, installed from npm into the user's cache folder where it is not there yet. The wrapper package's
 * install script only picks the package for this platform, so that one is installed, without scripts.
 */
export async function openCodeBinary(): Promise<string> {
  const name = platformPackage();
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(cache, "oidc-token-test", `opencode-${OPENCODE_VERSION}`);
  const program = process.platform === "win32" ? "opencode.exe" : "opencode";
  const binary = join(folder, "node_modules", name, "bin", program);
  if (existsSync(binary)) return binary;
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    writeFileSync(join(fresh, "package.json"), "{}");
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
    await promisify(execFile)(npm, ["install", ...quiet, `${name}@${OPENCODE_VERSION}`], {
      cwd: fresh,
      timeout: 100_000,
      shell: process.platform === "win32",
    });
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return binary;
}

function platformPackage(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const linux = process.platform === "linux";
  const slow = linux && process.arch === "x64" && !readFileSync("/proc/cpuinfo", "utf8").includes("avx2");
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  const musl = linux && header.glibcVersionRuntime === undefined;
  return `opencode-${platform}-${process.arch}${slow ? "-baseline" : ""}${musl ? "-musl" : ""}`;
}

export interface OpenCodeRunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds after which it is killed; a test that gets there has failed. */
  readonly limit?: number;
}

/** The real OpenCode in a sandbox of its own: nothing of the user's, and nothing from the network. */
export class OpenCode {
  readonly project: string;
  readonly configDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #running = new Set<ChildProcess>();

  constructor(
    readonly binary: string,
    readonly sandbox: Sandbox,
  ) {
    this.project = join(sandbox.home, "project");
    this.configDir = join(sandbox.home, "config", "opencode");
    mkdirSync(this.project, { recursive: true });
    // Without these it waits, at each start, for an install of its plugin package that a test has no use for.
    mkdirSync(join(this.configDir, "node_modules"), { recursive: true });
    const dependencies = { "@opencode-ai/plugin": OPENCODE_VERSION };
    writeFileSync(join(this.configDir, "package.json"), JSON.stringify({ dependencies }));
    const lock = { name: "config", lockfileVersion: 3, packages: { "": { dependencies } } };
    writeFileSync(join(this.configDir, "package-lock.json"), JSON.stringify(lock));
    this.env = {
      ...sandbox.env,
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      npm_config_fetch_retries: "0",
      npm_config_registry: "http://127.0.0.1:9",
    };
  }

  /** Writes the user's opencode.json, with the plugin unless the configuration names plugins itself. */
  configure(config: object): void {
    writeFileSync(join(this.configDir, "opencode.json"), JSON.stringify({ plugin: [PLUGIN], ...config }));
  }

  /** Runs one command to its end, with an empty stdin. */
  async run(args: readonly string[], options: OpenCodeRunOptions = {}): Promise<Outcome> {
    const begun = performance.now();
    const child = this.#start(args, options);
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const limit = setTimeout(() => endGroup(child), options.limit ?? 120_000);
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        clearTimeout(limit);
        resolve({ code, signal, stdout, stderr, took: performance.now() - begun });
      });
    });
  }

  /** Starts its HTTP server and answers once it listens. */
  async serve(options: OpenCodeRunOptions = {}): Promise<{ address: string; stop: () => Promise<void> }> {
    const child = this.#start(["serve", "--port", "0", "--hostname", "127.0.0.1"], options);
    const limit = setTimeout(() => endGroup(child), options.limit ?? 1_200_000);
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    void closed.then(() => clearTimeout(limit));
    let said = "";
    for await (const chunk of child.stdout ?? []) {
      said += chunk;
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (address) {
        child.stdout?.resume();
        return {
          address,
          stop: async () => {
            endGroup(child);
            await closed;
          },
        };
      }
    }
    throw new Error(`opencode serve ended: ${said}`);
  }

  #start(args: readonly string[], options: OpenCodeRunOptions): ChildProcess {
    const child = spawn(this.binary, args, {
      cwd: options.cwd ?? this.project,
      env: { ...this.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    this.#running.add(child);
    child.once("close", () => this.#running.delete(child));
    return child;
  }

  /** Ends what still runs; the sandbox removes the files. */
  async dispose(): Promise<void> {
    const ends = [...this.#running].map((child) => new Promise((resolve) => child.once("close", resolve)));
    for (const child of this.#running) endGroup(child);
    await Promise.all(ends);
  }
}

/** Ends a process and what it has started: a sign-in it waits for would go on for minutes. */
function endGroup(child: ChildProcess): void {
  if (process.platform === "win32" || child.pid === undefined) return void child.kill("SIGKILL");
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}
