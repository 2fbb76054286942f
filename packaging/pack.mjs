import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { cli, hot, opencode, seldom } from "../build.mjs";
import { bundledPackages, notices } from "./notices.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What esbuild says of the bundles that users get. */
export async function metafiles() {
  const options = { metafile: true, write: false };
  const built = await Promise.all(
    [hot, seldom, cli, opencode].map((bundle) => build({ ...bundle, ...options })),
  );
  return built.flatMap(({ metafile }) => metafile ?? []);
}

/**
 * The manifest that users get: without what only a clone needs (npm warns of scripts and asks for the development
 * packages' licences), and with no dependency whose code is in the bundles, so that what they run is what was tested.
 *
 * @param {typeof import("../package.json")} manifest
 * @param {readonly string[]} bundled names of packages
 * @param {string | undefined} repository owner/name on GitHub; npm's provenance wants it to be that of the workflow
 */
export function publishedManifest(manifest, bundled, repository) {
  const { scripts, devDependencies, allowScripts, dependencies, ...kept } = manifest;
  const outside = Object.entries(dependencies).filter(([name]) => !bundled.includes(name));
  return {
    ...kept,
    ...(repository && {
      homepage: `https://github.com/${repository}#readme`,
      bugs: `https://github.com/${repository}/issues`,
      repository: { type: "git", url: `git+https://github.com/${repository}.git` },
    }),
    dependencies: Object.fromEntries(outside),
  };
}

/**
 * Builds, and packs what is built from a folder of its own: the clone is never touched.
 *
 * @param {string} destination the folder for the tarball
 * @returns {Promise<string>} the path of the tarball
 */
export async function pack(destination) {
  execFileSync(process.execPath, [join(root, "build.mjs")]);
  const bundled = bundledPackages(await metafiles(), root);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const published = publishedManifest(
    manifest,
    bundled.map(({ name }) => name),
    process.env.GITHUB_REPOSITORY,
  );
  const stage = mkdtempSync(join(tmpdir(), "oidc-token-pack-"));
  try {
    for (const name of [...manifest.files, "README.md", "LICENSE"])
      cpSync(join(root, name), join(stage, name), { recursive: true });
    writeFileSync(join(stage, "dist/THIRD-PARTY.txt"), notices(bundled));
    writeFileSync(join(stage, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
    mkdirSync(destination, { recursive: true });
    const options = {
      cwd: stage,
      encoding: /** @type {const} */ ("utf8"),
      shell: process.platform === "win32",
    };
    const answer = execFileSync(
      "npm",
      ["pack", "--json", "--pack-destination", resolve(destination)],
      options,
    );
    const [{ filename }] = JSON.parse(answer);
    return join(resolve(destination), filename);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await pack(process.argv[2] ?? "release"));
