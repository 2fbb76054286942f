import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { part, TARGETS } from "../standalone.mjs";

const require = createRequire(import.meta.url);

/** @param {string} name */
const text = (name) => readFileSync(new URL(`licences/${name}`, import.meta.url), "utf8").trim();

/**
 * What an executable has inside apart from the bundles: Bun, and the keyring's library with all that it is built from. The
 * packages of Bun have no licence text with them.
 *
 * @param {keyof typeof TARGETS} platform
 * @returns {import("./notices.mjs").Bundled[]}
 */
export function insideExecutable(platform) {
  const { devDependencies, dependencies } = require("../package.json");
  const [, keyring] = TARGETS[platform];
  const name = "@napi-rs/keyring";
  const own = readFileSync(new URL(`../node_modules/${name}/LICENSE`, import.meta.url), "utf8").trim();
  const built_from = readFileSync(part(`@napi-rs/${keyring}`, "LICENSE.third-party.md"), "utf8").trim();
  return [
    {
      name: "bun",
      version: devDependencies.bun,
      license: "MIT, with parts under LGPL-2.1 and others",
      texts: [text("bun.txt"), text("LGPL-2.1.txt")],
    },
    { name, version: dependencies[name], license: "MIT", texts: [own, built_from] },
  ];
}
