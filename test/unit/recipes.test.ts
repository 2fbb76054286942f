import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { fill, RECIPES } from "../../packaging/recipes.mjs";
import { TARGETS } from "../../standalone.mjs";

const { name, version, description, license } = manifest;
const sums = Object.keys(TARGETS).map((platform, at) => [platform, `${at}`.repeat(64)]);
const facts = {
  name,
  version,
  description,
  license,
  repository: "owner/name",
  sha256: Object.fromEntries(sums),
};

describe.each(RECIPES)("%s", (recipe) => {
  it("has the facts of the release, and no mark left", () => {
    const text = fill(recipe, facts);
    expect(text).toContain("github.com/owner/name");
    expect(text).toContain(version);
    expect(text).not.toMatch(/@[a-z]+\d*(?::[a-z0-9-]+)?@/);
    expect(text).toContain(`${facts.sha256["linux-x64"]}`);
    expect(text).toContain(`${facts.sha256["linux-arm64"]}`);
  });

  it("is not made where a platform has no file", () => {
    const { "linux-x64": _without, ...others } = facts.sha256;
    expect(() => fill(recipe, { ...facts, sha256: others })).toThrow(`${recipe} asks for sha256:linux-x64`);
  });

  it("is not made of a fact that would end a quotation", () => {
    expect(() => fill(recipe, { ...facts, description: 'a "token"' })).toThrow("description can't be put");
    expect(() => fill(recipe, { ...facts, repository: "owner/$(id)" })).toThrow("repository can't be put");
  });
});

it("install.sh knows every platform but Windows, where there is no shell", () => {
  const known = [...fill("install.sh", facts).matchAll(/^ +([a-z0-9-]+)\) echo \d{64} ;;$/gm)].map(
    ([, each]) => each,
  );
  expect(known.toSorted()).toEqual(
    Object.keys(TARGETS)
      .filter((each) => !each.startsWith("windows"))
      .toSorted(),
  );
});
