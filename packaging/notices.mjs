import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;

/** Code of others within a package that has no licence text of theirs, and where that is, beside this file. */
const WITHOUT_TEXT = { "node_modules/undici/lib/llhttp": "licences/llhttp.txt" };

/**
 * @typedef {object} Bundled a package whose code is in a bundle
 * @property {string} name
 * @property {string} version
 * @property {string} license as SPDX names it
 * @property {readonly string[]} texts
 */

/**
 * What esbuild has put into these bundles. Throws where a package has no licence text: it could not be handed on.
 *
 * @param {readonly import("esbuild").Metafile[]} metafiles
 * @param {string} root the folder that the paths in them are relative to
 * @returns {Bundled[]}
 */
export function bundledPackages(metafiles, root) {
  const outputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs));
  const paths = outputs.flatMap(({ inputs }) => Object.keys(inputs));
  const inside = [...new Set(paths.flatMap(foldersInPackage))].sort();
  const folders = inside.filter((folder) => PACKAGE.exec(folder)?.[0] === folder);
  return folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const parts = inside.filter((path) => path === folder || path.startsWith(`${folder}/`));
    if (licenceFiles(join(root, folder)).length === 0)
      throw new Error(`${name} ${version} has no licence text, so it can't be bundled`);
    const files = parts.flatMap((path) => licenceFiles(join(root, path)));
    for (const [path, text] of Object.entries(WITHOUT_TEXT))
      if (parts.includes(path)) files.push(fileURLToPath(new URL(text, import.meta.url)));
    const texts = files.map((file) => readFileSync(file, "utf8").trim());
    return { name, version, license, texts };
  });
}

/** @param {string} path of a file, answered with the folders that it is in, the package's own the last */
function foldersInPackage(path) {
  const outermost = PACKAGE.exec(path)?.[0];
  const folders = [];
  for (let folder = dirname(path); outermost && folder.startsWith(outermost); folder = dirname(folder))
    folders.push(folder);
  return folders;
}

/** @param {string} folder */
function licenceFiles(folder) {
  const names = readdirSync(folder).filter((name) => /^(?:licen[cs]e|notice)(?:\.|$)/i.test(name));
  return names.map((name) => join(folder, name));
}

/**
 * Their licences, which go wherever their code goes.
 *
 * @param {readonly Bundled[]} packages
 * @returns {string}
 */
export function notices(packages) {
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  const parts = packages.map(({ name, version, license, texts }) =>
    [`${name} ${version} (${license})`, ...texts].join("\n\n"),
  );
  return ["oidc-token contains the code of these packages, under their own licences.", ...parts]
    .join(rule)
    .concat("\n");
}
