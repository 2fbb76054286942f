/**
 * `npm run release -- OWNER/NAME`: all files of a release, in release/: the npm package, an archive for each platform with
 * the executable that `npm run standalone -- --all` has made, the bill of materials, the recipes, and SHA256SUMS of all that.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { executable, TARGETS } from "../standalone.mjs";
import { insideExecutable } from "./inside.mjs";
import { bundledPackages, notices } from "./notices.mjs";
import { metafiles, pack } from "./pack.mjs";
import { fill, RECIPES } from "./recipes.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** @typedef {keyof typeof TARGETS} Platform */

/** What goes beside an executable, from the clone. */
const BESIDE = ["LICENSE", "README.md", "CHANGELOG.md", "docs/oidc-token.1", "completions"];

/**
 * @param {string} folder where the archive goes
 * @param {string} platform
 * @param {string} file the executable
 * @param {string} licences of what is in it
 */
function archive(folder, platform, file, licences) {
  const stage = mkdtempSync(join(tmpdir(), "oidc-token-archive-"));
  try {
    const name = platform.startsWith("windows") ? "oidc-token.exe" : "oidc-token";
    cpSync(file, join(stage, name));
    for (const path of BESIDE)
      cpSync(join(root, path), join(stage, path.replace(/^.*\//, "")), { recursive: true });
    writeFileSync(join(stage, "THIRD-PARTY.txt"), licences);
    // The same files give the same archive, so that anybody can build it again and compare.
    const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--mode=go-w"];
    const tar = execFileSync("tar", [...same, "-cf", "-", ...readdirSync(stage).sort()], {
      cwd: stage,
      maxBuffer: 512 * 1024 * 1024,
    });
    const path = join(folder, `oidc-token-${platform}.tar.gz`);
    writeFileSync(path, execFileSync("gzip", ["-n"], { input: tar, maxBuffer: 512 * 1024 * 1024 }));
    return path;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/**
 * What users get, bundled or not, in CycloneDX. From a manifest without development packages: told to leave those out, npm
 * leaves out too what they happen to share with the program.
 */
function billOfMaterials() {
  const parent = mkdtempSync(join(tmpdir(), "oidc-token-sbom-"));
  // Its name is what the bill is for.
  const stage = join(parent, "oidc-token");
  mkdirSync(stage);
  try {
    const { scripts, devDependencies, ...manifest } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    );
    // The executables are Buns.
    const dependencies = { ...manifest.dependencies, bun: devDependencies.bun };
    writeFileSync(join(stage, "package.json"), JSON.stringify({ ...manifest, dependencies }));
    cpSync(join(root, "package-lock.json"), join(stage, "package-lock.json"));
    // A peer that is wanted comes as a dependency; the rest would be what such a package only can work with.
    const common = ["--package-lock-only", "--legacy-peer-deps"];
    const quiet = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    execFileSync("npm", ["install", ...common, ...quiet], { cwd: stage });
    return execFileSync("npm", ["sbom", ...common, "--sbom-format=cyclonedx"], { cwd: stage });
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

/** @param {string} path */
function sha256(path) {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/**
 * @param {object} release
 * @param {string} release.repository owner/name on GitHub
 * @param {string} release.folder made anew
 * @param {(platform: Platform) => string} release.executableOf where the executable for a platform is
 * @param {(platform: Platform) => import("./notices.mjs").Bundled[]} release.insideOf what it has inside beside the bundles
 */
export async function makeRelease({ repository, folder, executableOf, insideOf }) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await pack(folder);
  const bundled = bundledPackages(await metafiles(), root);
  /** @type {Record<string, string>} */
  const sums = {};
  for (const platform of /** @type {Platform[]} */ (Object.keys(TARGETS))) {
    const licences = notices([...bundled, ...insideOf(platform)]);
    sums[platform] = sha256(archive(folder, platform, executableOf(platform), licences));
  }
  const { name, version, description, license } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  for (const recipe of RECIPES) {
    const facts = { name, version, description, license, repository, sha256: sums };
    writeFileSync(join(folder, recipe), fill(recipe, facts), {
      mode: recipe.endsWith(".sh") ? 0o755 : 0o644,
    });
  }
  writeFileSync(join(folder, "sbom.cdx.json"), billOfMaterials());
  const files = readdirSync(folder).sort();
  const lines = files.map((file) => `${sha256(join(folder, file))}  ${file}\n`);
  writeFileSync(join(folder, "SHA256SUMS"), lines.join(""));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const repository = process.argv[2] ?? process.env.GITHUB_REPOSITORY;
  if (!repository) throw new Error("name the repository on GitHub: npm run release -- OWNER/NAME");
  process.env.GITHUB_REPOSITORY = repository;
  await makeRelease({
    repository,
    folder: join(root, "release"),
    executableOf: executable,
    insideOf: insideExecutable,
  });
}
