/**
 * `npm run standalone`: executables that need no runtime, one file each, in standalone/.
 *
 *     npm run standalone                      for this machine
 *     npm run standalone -- linux-arm64 ...   for others, made here; --all for all of them
 *
 * They are a Bun with this program inside, its bytecode and the keyring's native library included. Both come from npm, in
 * the versions and with the checksums of package-lock.json; no install script runs. A target that could not be made is
 * told, and the exit code is then 1.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { cli, hot, keyring, seldom, waiting } from "./build.mjs";
import { withoutSignature } from "./standalone-macho.mjs";

const ROOT = fileURLToPath(new URL(".", import.meta.url));
const OUT = join(ROOT, "standalone");
const CACHE = join(ROOT, "node_modules/.cache/oidc-token-standalone");
/** With an ending that Bun does not know, so that it has the bytes inside and leaves loading them to us. */
const NATIVE = "./keyring.library";

/** By platform and architecture: Bun's package and the keyring's. The names are those of `process.platform` but for Windows. */
export const TARGETS = /** @type {const} */ ({
  "linux-x64": ["bun-linux-x64", "keyring-linux-x64-gnu"],
  "linux-x64-musl": ["bun-linux-x64-musl", "keyring-linux-x64-musl"],
  "linux-arm64": ["bun-linux-aarch64", "keyring-linux-arm64-gnu"],
  "linux-arm64-musl": ["bun-linux-aarch64-musl", "keyring-linux-arm64-musl"],
  "darwin-arm64": ["bun-darwin-aarch64", "keyring-darwin-arm64"],
  "darwin-x64": ["bun-darwin-x64", "keyring-darwin-x64"],
  "windows-x64": ["bun-windows-x64", "keyring-win32-x64-msvc"],
});

/**
 * Variables by which a Bun, and so the executable, is made to run code that is not in it. A name that begins with "="
 * can't be set. Only the first letter is changed, since the compiler lets other words share the end.
 */
const FOREIGN_CODE = ["BUN_OPTIONS", "BUN_BE_BUN"];

/** @returns {keyof typeof TARGETS} */
export function thisMachine() {
  const is_musl =
    process.platform === "linux" &&
    !(/** @type {any} */ (process.report.getReport()).header.glibcVersionRuntime);
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `${platform}-${process.arch}${is_musl ? "-musl" : ""}`;
  if (!isTarget(name))
    throw new Error(`there is no executable for ${name}: ${Object.keys(TARGETS).join(", ")}`);
  return name;
}

/** @param {string} name @returns {name is keyof typeof TARGETS} */
function isTarget(name) {
  return Object.hasOwn(TARGETS, name);
}

/** Where the executable is once it is made. */
export function executable(target = thisMachine()) {
  return join(OUT, `oidc-token-${target}${target.startsWith("windows") ? ".exe" : ""}`);
}

/**
 * A file of an npm package of another platform, which `npm ci` leaves out: fetched once, and held against the lock file.
 *
 * @param {string} name @param {string} path @returns {string}
 */
export function part(name, path) {
  const installed = join(ROOT, "node_modules", name, path);
  if (existsSync(installed)) return installed;
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const { version, integrity } = packages[`node_modules/${name}`];
  const folder = join(CACHE, `${name.replace("/", "-")}-${version}`);
  const file = join(folder, "package", path);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder, `${name}@${version}`];
  const shell = process.platform === "win32";
  const archive = join(folder, execFileSync("npm", args, { encoding: "utf8", cwd: ROOT, shell }).trim());
  const is = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (is !== integrity) throw new Error(`${name}@${version} is not what package-lock.json says: ${is}`);
  execFileSync("tar", ["-xzf", archive, "-C", folder]);
  rmSync(archive);
  return file;
}

/**
 * The keyring's library from the executable itself, no compiled code beside it, and the commands as modules, which Bun
 * loads one by one.
 *
 * @type {import("esbuild").Plugin}
 */
const embedded = {
  name: "embedded",
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /[\\/]keyring[\\/]load-native\.ts$/ }, ({ path }) => ({
      contents: `
        import file from ${JSON.stringify(NATIVE)};
        import { userPaths } from "../../paths.js";
        import { loadLibrary } from "../../files/library.js";
        let native;
        export const loadNative = () => (native ??= loadLibrary(file, userPaths().cache));
      `,
      resolveDir: dirname(path),
    }));
    onLoad({ filter: /[\\/]hot[\\/]compiled\.ts$/ }, () => ({
      contents: "export const keepCompiled = () => {};",
    }));
    onResolve({ filter: /^\.\/cli\.cjs$/ }, () => ({ path: "./cli.mjs", external: true }));
  },
};

/**
 * The program as esbuild makes it for Node, with every package inside.
 *
 * @param {string} folder
 */
async function bundle(folder) {
  /** @param {import("esbuild").BuildOptions} options */
  const standalone = ({ external = [], plugins = [], ...options }) =>
    build({
      ...options,
      plugins: [embedded, ...plugins],
      external: [NATIVE, ...external.filter((name) => /\/(?:seldom|waiting|keyring)\.cjs$/.test(name))],
    });
  const main = join(folder, "main.cjs");
  await Promise.all([
    standalone({ ...hot, entryPoints: ["src/standalone/entry.ts"], outfile: main }),
    standalone({ ...seldom, outfile: join(folder, "seldom.cjs") }),
    standalone({ ...keyring, outfile: join(folder, "keyring.cjs") }),
    standalone({ ...waiting, outfile: join(folder, "waiting.cjs") }),
    standalone({
      ...cli,
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      define: {},
      // Some of what is bundled is CommonJS and calls require for built-in modules.
      banner: {
        js: "import{createRequire as loader}from'node:module';const require=loader(import.meta.url);",
      },
    }),
  ]);
  return main;
}

/** @param {keyof typeof TARGETS} target */
async function make(target) {
  const [bun, library] = TARGETS[target];
  const windows = target.startsWith("windows");
  const folder = join(CACHE, target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const main = await bundle(folder);
  const native = `keyring.${library.slice("keyring-".length)}.node`;
  copyFileSync(part(`@napi-rs/${library}`, native), join(folder, NATIVE));
  const runtime = join(folder, "runtime");
  writeFileSync(
    runtime,
    withoutForeignCode(readFileSync(part(`@oven/${bun}`, windows ? "bin/bun.exe" : "bin/bun"))),
    {
      mode: 0o755,
    },
  );
  const own = part(
    `@oven/${TARGETS[thisMachine()][0]}`,
    process.platform === "win32" ? "bin/bun.exe" : "bin/bun",
  );
  const file = executable(target);
  execFileSync(
    own,
    [
      ...["build", main, "--compile", "--outfile", file],
      ...["--target", bun.replace("aarch64", "arm64"), "--compile-executable-path", runtime],
      ...["--bytecode", "--format=esm", "--splitting", "--minify-whitespace", "--minify-syntax"],
      // Of the folder it is called in it obeys nothing.
      ...["dotenv", "bunfig", "tsconfig", "package-json"].map((name) => `--no-compile-autoload-${name}`),
    ],
    { stdio: ["ignore", "ignore", "inherit"], cwd: folder },
  );
  if (target === "darwin-x64") writeFileSync(file, withoutSignature(readFileSync(file)));
  rmSync(folder, { recursive: true });
  return file;
}

/** @param {Buffer} runtime */
function withoutForeignCode(runtime) {
  for (const name of FOREIGN_CODE) {
    let at = runtime.indexOf(name);
    if (at < 0) throw new Error(`this Bun does not know ${name} any more: look at what takes its place`);
    for (; at >= 0; at = runtime.indexOf(name, at)) runtime[at] = "=".charCodeAt(0);
  }
  return runtime;
}

async function run() {
  const asked = process.argv.slice(2);
  const all = asked.includes("--all");
  const targets = all ? Object.keys(TARGETS) : asked.length > 0 ? asked : [thisMachine()];
  mkdirSync(OUT, { recursive: true });
  for (const target of targets) {
    try {
      if (!isTarget(target)) throw new Error(`choose of ${Object.keys(TARGETS).join(", ")}, --all`);
      console.log(await make(target));
    } catch (error) {
      console.error(`${target}: not made: ${error instanceof Error ? error.message : error}`);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run();
