import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { insideExecutable } from "../../packaging/inside.mjs";
import { bundledPackages, notices } from "../../packaging/notices.mjs";
import { metafiles, publishedManifest } from "../../packaging/pack.mjs";
import { thisMachine } from "../../standalone.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const built = await metafiles();
const bundled = bundledPackages(built, root);
const names = bundled.map(({ name }) => name);

describe("what users install", () => {
  const published = publishedManifest(manifest, names, "owner/name");

  it("is, apart from the program itself, the one package that can't be bundled, in the version that was tested", () => {
    expect(published.dependencies).toEqual({ "@napi-rs/keyring": manifest.dependencies["@napi-rs/keyring"] });
    expect(published.dependencies["@napi-rs/keyring"]).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("needs nothing that is neither in its bundles, nor installed with it, nor Node's own", () => {
    const outside = built
      .flatMap(({ outputs }) => Object.values(outputs).flatMap(({ imports }) => imports))
      .filter(
        ({ external, path }) =>
          external && !isBuiltin(path) && !path.startsWith("node:") && !/^\.{1,2}\//.test(path),
      );
    const missing = outside.filter(({ path }) => !Object.keys(published.dependencies).includes(path));
    expect(missing.map(({ path }) => path)).toEqual([]);
  });

  it("has no script and names no development package, and keeps everything else", () => {
    const { scripts, devDependencies, allowScripts, dependencies, ...kept } = manifest;
    expect(published).not.toHaveProperty("scripts");
    expect(published).not.toHaveProperty("devDependencies");
    expect(published).not.toHaveProperty("allowScripts");
    expect(published).toMatchObject(kept);
  });

  it("names the repository that the workflow runs in, as npm's provenance asks, and none from a clone", () => {
    expect(published).toMatchObject({ repository: { url: "git+https://github.com/owner/name.git" } });
    expect(publishedManifest(manifest, names, undefined)).not.toHaveProperty("repository");
  });
});

describe("the licences of what is bundled", () => {
  it("are handed on, with each package's name and version", () => {
    const text = notices(bundled);
    expect(names).toEqual(expect.arrayContaining(["commander", "undici", "openid-client"]));
    for (const { name, version, texts } of bundled) {
      expect(text).toContain(`\n${name} ${version} (`);
      for (const each of texts) {
        expect(each.length).toBeGreaterThan(200);
        expect(text).toContain(each);
      }
    }
  });

  it("are those too of code that a package has from somebody else", () => {
    expect(notices(bundled)).toContain("Copyright (c) 2020 Ethan Arrowood");
    expect(notices(bundled)).toContain("Copyright Fedor Indutny, 2018.");
  });

  it("are, in an executable, also Bun's and those of the keyring's library, with all that it is built from", () => {
    const text = notices(insideExecutable(thisMachine()));
    expect(text).toContain(`\nbun ${manifest.devDependencies.bun} (MIT, `);
    expect(text).toContain("GNU LESSER GENERAL PUBLIC LICENSE");
    expect(text).toContain(`\n@napi-rs/keyring ${manifest.dependencies["@napi-rs/keyring"]} (MIT)\n`);
    expect(text).toContain("Copyright (c) 2020 N-API for Rust");
    expect(text).toContain("| anyhow |");
  });

  it("allow it: a package under another kind of licence is looked at by a person first", () => {
    const permissive = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD"];
    expect(bundled.filter(({ license }) => !permissive.includes(license))).toEqual([]);
  });

  it("can't be left out: a package without one is not bundled", () => {
    const folder = mkdtempSync(join(tmpdir(), "oidc-token-notices-"));
    try {
      mkdirSync(join(folder, "node_modules/bare"), { recursive: true });
      writeFileSync(join(folder, "node_modules/bare/package.json"), '{"name":"bare","version":"1.0.0"}');
      const inputs = { "node_modules/bare/index.js": { bytesInOutput: 1 } };
      const outputs = { "dist/x.js": { bytes: 1, inputs, imports: [], exports: [] } };
      expect(() => bundledPackages([{ inputs: {}, outputs }], folder)).toThrow(
        "bare 1.0.0 has no licence text, so it can't be bundled",
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
