import { readFileSync } from "node:fs";

/**
 * @typedef {object} Facts what every recipe is made from
 * @property {string} name
 * @property {string} version
 * @property {string} description
 * @property {string} license as SPDX names it
 * @property {string} repository owner/name on GitHub
 * @property {Readonly<Record<string, string>>} sha256 of the archive for each platform, in hexadecimal digits
 */

// Beside this file, with a mark such as @version@ or @sha256:linux-x64@ wherever a fact belongs.
export const RECIPES = ["install.sh", "oidc-token.rb", "PKGBUILD", "Containerfile"];

/**
 * A recipe with the facts of one release. Throws where it asks for one that there is not.
 *
 * @param {string} recipe one of RECIPES
 * @param {Facts} facts
 * @returns {string}
 */
export function fill(recipe, facts) {
  const { sha256, ...plain } = facts;
  const known = new Map(Object.entries(plain));
  for (const [platform, sum] of Object.entries(sha256)) known.set(`sha256:${platform}`, sum);
  for (const [name, fact] of known) {
    // In each recipe the facts stand between quotes, or where a shell splits words.
    if (!/^[\w. :,;()/+-]+$/.test(fact)) throw new Error(`${name} can't be put into a recipe: ${fact}`);
  }
  const text = readFileSync(new URL(recipe, import.meta.url), "utf8");
  return text.replace(/@([a-z][a-z0-9]*(?::[a-z0-9-]+)?)@/g, (_, name) => {
    const fact = known.get(name);
    if (fact === undefined) throw new Error(`${recipe} asks for ${name}, which is not known`);
    return fact;
  });
}
