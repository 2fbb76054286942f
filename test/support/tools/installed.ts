import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const CACHE = fileURLToPath(new URL("../../../node_modules/.cache/oidc-token-tools", import.meta.url));

/** A program a test is about, or why it cannot be had here. */
export interface Found {
  /** The program, or the folder of the packages; undefined where there is none. */
  readonly path: string | undefined;
  /** True where its tests can't run and may be left out; OIDC_TOKEN_TEST_NO_SKIP makes them fail instead. */
  readonly missing: boolean;
  /** The name of a group of tests, with the reason where it is left out. */
  named(group: string): string;
}

/** Packages from npm in a folder of this checkout, without their install scripts; the path is their `node_modules`. */
export function fromNpm(...packages: readonly string[]): Found {
  const folder = join(CACHE, packages.join("+").replaceAll(/[^A-Za-z0-9.+-]/g, "_"));
  const done = join(folder, "installed");
  if (!existsSync(done)) {
    mkdirSync(folder, { recursive: true });
    const quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    const { status } = spawnSync("npm", ["install", ...quiet, "--prefix", folder, ...packages], {
      stdio: "ignore",
      timeout: 100_000,
      shell: process.platform === "win32",
    });
    if (status === 0) writeFileSync(done, "");
  }
  const path = existsSync(done) ? join(folder, "node_modules") : undefined;
  return found(path, `${packages.join(" and ")} could not be installed from npm`, true);
}

/** A program on PATH, or by its own path. One that a system package brings must be there in CI; others are used where they are. */
export function onPath(program: string, from_package: boolean): Found {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const path = folders.map((folder) => resolve(folder, program)).find((candidate) => existsSync(candidate));
  return found(path, `there is no ${program} here`, from_package);
}

function found(path: string | undefined, reason: string, expected: boolean): Found {
  const missing = path === undefined && !(expected && process.env.OIDC_TOKEN_TEST_NO_SKIP);
  return { path, missing, named: (group) => (missing ? `${group} (skipped: ${reason})` : group) };
}
