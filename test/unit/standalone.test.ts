import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { bin } from "../../package.json";
import { NAMES, wordsOfName } from "../../src/standalone/called-as.js";

it("the executable answers to the names of package.json's programs, with the words that bin/ puts first", () => {
  const { "oidc-token": _own, ...others } = bin;
  const words = Object.entries(others).map(([name, path]) => {
    const [, given = ""] = /splice\(2, 0, (.*)\);/.exec(readFileSync(path, "utf8")) ?? [];
    return [name, JSON.parse(`[${given}]`)];
  });
  expect(NAMES).toEqual(Object.fromEntries(words));
});

it.each([
  ["git-credential-oidc-token", ["credential", "git"]],
  ["/usr/local/bin/cargo-credential-oidc-token", ["credential", "cargo", "--"]],
  ["C:\\bin\\docker-credential-oidc-token.EXE", ["credential", "docker"]],
  ["./oidc-token", []],
  ["oidc-token-linux-x64", []],
  ["constructor", []],
  ["", []],
])("called as %s, its first words are %j", (argv0, words) => {
  expect(wordsOfName(argv0)).toEqual(words);
});
