import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

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
  const folders = paths.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const files = readdirSync(join(root, folder)).filter((file) =>
      /^(?:licen[cs]e|notice)(?:\.|$)/i.test(file),
    );
    if (files.length === 0) throw new Error(`${name} ${version} has no licence text, so it can't be bundled`);
    const texts = files.map((file) => readFileSync(join(root, folder, file), "utf8").trim());
    return { name, version, license, texts };
  });
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
