import { type ExecFileSyncOptions, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Lays this checkout's npm package where OpenCode, with this home, would have installed it from the registry. */
export function installPackage(home: string): void {
  const folder = join(home, "cache", "opencode", "packages", "oidc-token@latest", "node_modules");
  mkdirSync(folder, { recursive: true });
  const quiet: ExecFileSyncOptions = { cwd: folder, timeout: 60_000, stdio: ["ignore", "pipe", "ignore"] };
  const packed = execFileSync("npm", ["pack", root, "--ignore-scripts", "--json"], quiet);
  const [{ filename }] = JSON.parse(packed.toString()) as [{ filename: string }];
  execFileSync("tar", ["-xzf", filename], quiet);
  cpSync(join(folder, "package"), join(folder, "oidc-token"), { recursive: true });
  // What the package depends on comes from the checkout, not from the network.
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(root, "node_modules", name), join(folder, name));
  }
}
