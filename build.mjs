import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
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
 * The hot path: CommonJS, because the loader of ECMAScript modules alone costs 8 ms. It holds on to nothing but Node itself;
 * the rest is loaded when it is needed.
 *
 * @type {import("esbuild").BuildOptions}
 */
export const hot = {
  ...common,
  entryPoints: ["src/main.ts"],
  outfile: "dist/main.cjs",
  format: "cjs",
  minify: true,
  external: ["@napi-rs/*", "*/cli.cjs", "*/seldom.cjs", "*/waiting.cjs", "*/keyring.cjs"],
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
 * What a caller needs that finds another one at a refresh.
 *
 * @type {import("esbuild").BuildOptions}
 */
export const waiting = { ...hot, entryPoints: ["src/hot/waiting.ts"], outfile: "dist/waiting.cjs" };

/**
 * What a token in the keyring takes beside one in a file.
 *
 * @type {import("esbuild").BuildOptions}
 */
export const keyring = { ...hot, entryPoints: ["src/hot/keyring.ts"], outfile: "dist/keyring.cjs" };

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
 * `open` looks for the xdg-open it falls back on beside itself, by an address that CommonJS has not.
 *
 * @type {import("esbuild").Plugin}
 */
const besideItself = {
  name: "beside-itself",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/]open[\\/]index\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(
        "fileURLToPath(import.meta.url)",
        'typeof __filename === "string" ? __filename : fileURLToPath(import.meta.url)',
      ),
    }));
  },
};

/**
 * kleur asks `process.stdout` at its start whether it is a terminal: making that takes milliseconds, and cli.ts asks the
 * descriptor.
 *
 * @type {import("esbuild").Plugin}
 */
const coloursUnasked = {
  name: "colours-unasked",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/]kleur[\\/]index\.mjs$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace("process.stdout && process.stdout.isTTY", "true"),
    }));
  },
};

/**
 * Everything else, a chunk a command. Only what is not plain JavaScript stays apart.
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
  external: ["@napi-rs/*"],
  // A module's own address, from which the keyring's library is found.
  define: { "import.meta.url": "__filename" },
  plugins: [nothingStarted, besideItself, coloursUnasked],
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

/**
 * The commands that have all they usually load in one file, since a file more costs half a millisecond: whoever else asks
 * for one of its chunks gets the same. Each with what it loads beside itself.
 */
const PACKS = {
  "get refresh credential": [
    "src/oidc/grants.ts",
    "src/http/straight.ts",
    "src/store/keyring/secret-service-write.ts",
  ],
  "status profiles whoami": [],
};
/** Where a command's file is, below src/. */
const FOLDERS = ["commands", "commands/credential"];

/**
 * The chunks that some entry points need at once, as one file whose exports are those of `first`.
 *
 * @param {ReadonlyMap<string, string>} texts by name
 * @param {import("esbuild").Metafile["outputs"]} outputs by name
 * @param {readonly string[]} names
 */
function pack(texts, outputs, names) {
  const needed = new Set(names);
  for (const name of needed) {
    for (const { path, kind } of outputs[name]?.imports ?? []) {
      if (kind === "import-statement" && path.startsWith("dist/")) needed.add(path.slice("dist/".length));
    }
  }
  // In parentheses: V8 then compiles them with the file, and does not read what is inside twice.
  const functions = [...needed].map(
    (name) => `${JSON.stringify(`./${name}`)}:(function(module,exports,require){${texts.get(name)}\n})`,
  );
  return `"use strict";const{join}=require("path"),{cache}=require,own={${functions.join(",\n")}};
const load=(id)=>{if(!Object.hasOwn(own,id))return require(id);const filename=join(__dirname,id);
if(cache[filename])return cache[filename].exports;const module={id:filename,filename,loaded:true,children:[],paths:[],exports:{}};
cache[filename]=module;own[id](module,module.exports,load);return module.exports};
module.exports=load(${JSON.stringify(`./${names[0]}`)});
`;
}

/** The program without its hot path: chunks, packs of them, and the file that chooses one by the command's name. */
async function writeProgram() {
  const { files, metafile } = await chunks({ ...cli, entryPoints: [{ in: "src/cli.ts", out: "program" }] });
  const texts = new Map(files.map(({ path, text }) => [basename(path), text]));
  const outputs = Object.fromEntries(
    Object.entries(metafile?.outputs ?? {}).map(([path, output]) => [basename(path), output]),
  );
  /** @param {string} source @returns {string[]} */
  const chunkOf = (source) => Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === source);
  const choice = Object.entries(PACKS).map(([commands, beside], at) => {
    const words = commands.split(" ");
    const own = words.flatMap((word) => FOLDERS.map((folder) => `src/${folder}/${word}.ts`));
    texts.set(
      `pack-${at}.cjs`,
      pack(texts, outputs, ["program.cjs", ...[...own, ...beside].flatMap(chunkOf)]),
    );
    return words.map((word) => `${word}:"./pack-${at}.cjs"`).join(",");
  });
  texts.set(
    "cli.cjs",
    `"use strict";const packs={__proto__:null,${choice.join(",")}};module.exports=require(packs[process.argv[2]]??"./program.cjs");\n`,
  );
  for (const [name, text] of texts) writeFileSync(new URL(`dist/${name}`, import.meta.url), text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(new URL("dist", import.meta.url), { recursive: true, force: true });
  mkdirSync(new URL("dist", import.meta.url));
  copyFileSync(
    new URL("node_modules/open/xdg-open", import.meta.url),
    new URL("dist/xdg-open", import.meta.url),
  );
  await Promise.all([
    writeProgram(),
    ...[hot, seldom, waiting, keyring, opencode].map((options) => build(options)),
  ]);
}
