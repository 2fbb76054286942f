import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Runtime {
  readonly kind: "node" | "bun";
  readonly name: string;
  readonly version: string;
  readonly path: string;
  /** The flag that runs a file before the script. */
  readonly preload: string;
}

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/oidc-token-runtimes", import.meta.url));

/** The npm packages that hold the binaries themselves, so that no install script has to run. */
const PACKAGES = [
  { kind: "node", name: "Node 20", package: `node-${npmPlatform()}-${process.arch}`, version: "20.20.2" },
  { kind: "node", name: "Node 22", package: `node-${npmPlatform()}-${process.arch}`, version: "22.23.2" },
  { kind: "node", name: "Node 24", package: `node-${npmPlatform()}-${process.arch}`, version: "24.21.0" },
  { kind: "bun", name: "Bun", package: `@oven/bun-${bunPlatform()}-${bunArch()}`, version: "1.4.5" },
] as const;

type Name = (typeof PACKAGES)[number]["name"];

/** The oldest and the newest Node, and Bun. */
const USUAL: readonly Name[] = ["Node 20", "Node 24", "Bun"];

/** These runtimes from npm, in a cache folder of this checkout. One that cannot be had is told and left out. */
export function installRuntimes(names: readonly Name[] = USUAL): Runtime[] {
  return PACKAGES.filter(({ name }) => names.includes(name)).flatMap((wanted) => {
    const folder = join(CACHE, `${wanted.kind}-${wanted.version}`);
    const executable = process.platform === "win32" ? `${wanted.kind}.exe` : wanted.kind;
    const path = join(folder, "node_modules", wanted.package, "bin", executable);
    if (!existsSync(path)) install(folder, `${wanted.package}@${wanted.version}`);
    if (!existsSync(path)) {
      console.log(`left out, ${wanted.name}: ${wanted.package}@${wanted.version} could not be installed`);
      return [];
    }
    const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim();
    const preload = wanted.kind === "node" ? "--require" : "--preload";
    return [{ kind: wanted.kind, name: wanted.name, version, path, preload }];
  });
}

function install(folder: string, specifier: string): void {
  mkdirSync(folder, { recursive: true });
  spawnSync(
    "npm",
    ["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, specifier],
    {
      stdio: "ignore",
      timeout: 180_000,
      shell: process.platform === "win32",
    },
  );
}

function npmPlatform(): string {
  return process.platform === "win32" ? "win" : process.platform;
}

function bunPlatform(): string {
  return process.platform === "win32" ? "windows" : process.platform;
}

function bunArch(): string {
  return process.arch === "arm64" ? "aarch64" : process.arch;
}
