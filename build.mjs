import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** @type {import("esbuild").BuildOptions} */
const common = {
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  bundle: true,
  platform: "node",
  target: "node20.18",
  mainFields: ["module", "main"],
  logLevel: "warning",
};

/**
 * The hot path: CommonJS, because the loader of ECMAScript modules alone costs 8 ms, and without what makes esbuild copy
 * built-in modules (src/hot/builtins). It holds on to nothing but Node itself; the rest is loaded when it is needed.
 *
 * @type {import("esbuild").BuildOptions}
 */
export const hot = {
  ...common,
  entryPoints: ["src/main.ts"],
  outfile: "dist/main.cjs",
  format: "cjs",
  minify: true,
  external: ["@napi-rs/*", "*/cli.js", "*/seldom.cjs"],
  alias: {
    "node:process": "./src/hot/builtins/process.ts",
    "node:os": "./src/hot/builtins/os.ts",
    "node:path": "./src/hot/builtins/path.ts",
  },
  // load-native.ts asks for whichever of the two a bundle has.
  logOverride: { "empty-import-meta": "silent" },
};

/**
 * What only some command lines of the hot path need.
 *
 * @type {import("esbuild").BuildOptions}
 */
export const seldom = { ...hot, entryPoints: ["src/hot/seldom.ts"], outfile: "dist/seldom.cjs" };

/**
 * Everything else, a chunk a command. Packages that are loaded only now and then, or that are not plain JavaScript, stay apart.
 *
 * @type {import("esbuild").BuildOptions}
 */
export const cli = {
  ...common,
  entryPoints: ["src/cli.ts"],
  outdir: "dist",
  format: "esm",
  splitting: true,
  external: ["@napi-rs/*", "@clack/prompts", "open", "openid-client", "undici"],
  // Some of what is bundled is CommonJS and calls require for built-in modules.
  banner: {
    js: "import{createRequire as loader}from'node:module';const require=loader(import.meta.url);",
  },
};

/**
 * The plugin, one file that needs no other.
 *
 * @type {import("esbuild").BuildOptions}
 */
export const opencode = {
  ...common,
  entryPoints: ["src/opencode/plugin.ts"],
  outfile: "dist/opencode.js",
  format: "esm",
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(new URL("dist", import.meta.url), { recursive: true, force: true });
  await Promise.all([hot, seldom, cli, opencode].map((options) => build(options)));
}
