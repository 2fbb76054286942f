import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

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
  external: ["@napi-rs/*", "*/cli.cjs", "*/seldom.cjs"],
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
 * Commander starts programs for sub-commands that are files of their own, of which there are none: the part of Node that
 * does this takes milliseconds to load.
 *
 * @type {import("esbuild").Plugin}
 */
const nothingStarted = {
  name: "nothing-started",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]node_modules[\\/]commander[\\/]/.test(importer) ? { path: "none", namespace: "none" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};" }));
  },
};

/**
 * Everything else, a chunk a command. Packages that are loaded only now and then, or that are not plain JavaScript, stay apart.
 * esbuild splits ECMAScript modules only, and `chunks` makes CommonJS of each.
 *
 * @type {import("esbuild").BuildOptions}
 */
export const cli = {
  ...common,
  entryPoints: ["src/cli.ts"],
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  format: "esm",
  splitting: true,
  minify: true,
  external: ["@napi-rs/*", "@clack/prompts", "open"],
  // A module's own address, from which the rest of the packages are found.
  define: { "import.meta.url": "__filename" },
  plugins: [nothingStarted],
  // Headers and Response as they are named everywhere, openid-client included.
  inject: ["src/http/web.ts"],
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

/**
 * The files of a build with `splitting`, in CommonJS: its loader is 8 ms faster to start, and takes half as long a file.
 *
 * @param {import("esbuild").BuildOptions} options
 */
export async function chunks(options) {
  const { outputFiles = [], metafile } = await build({ ...options, write: false, metafile: true });
  const files = outputFiles.map(async ({ path, text }) => {
    const { code } = await transform(text, {
      format: "cjs",
      platform: "node",
      target: "node20.18",
      minify: true,
    });
    const local = /\bimport\("(\.\/[^"]+\.cjs|node:[a-z/_]+)"\)/g;
    return { path, text: code.replace(local, 'Promise.resolve().then(()=>require("$1"))') };
  });
  return { files: await Promise.all(files), metafile };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(new URL("dist", import.meta.url), { recursive: true, force: true });
  mkdirSync(new URL("dist", import.meta.url));
  const split = chunks(cli).then(({ files }) => {
    for (const { path, text } of files) writeFileSync(path, text);
  });
  await Promise.all([split, ...[hot, seldom, opencode].map((options) => build(options))]);
}
