import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cloneOf } from "../../../../src/commands/setup/program.js";

const home = realpathSync(mkdtempSync(join(tmpdir(), "oidc-token-clone-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A package in this folder, with a link to its command as npm puts it on PATH. */
function packageIn(folder: string, source: boolean): string {
  mkdirSync(join(home, folder, "bin"), { recursive: true });
  mkdirSync(join(home, folder, source ? "src/opencode" : "dist"), { recursive: true });
  writeFileSync(join(home, folder, "bin", "oidc-token.js"), "");
  const link = join(home, `link-to-${folder}`);
  symlinkSync(join(home, folder, "bin", "oidc-token.js"), link);
  return link;
}

describe("the clone that a program belongs to", () => {
  test("is found through the link on PATH, and by its own path", () => {
    const link = packageIn("clone", true);
    expect(cloneOf(["/usr/bin/node", link])).toBe(join(home, "clone"));
    expect(cloneOf(["/usr/bin/node", join(home, "clone", "bin", "oidc-token.js")])).toBe(join(home, "clone"));
  });

  test("is none where npm has installed the package, and for the executable", () => {
    const link = packageIn("installed", false);
    const executable = join(home, "oidc-token");
    writeFileSync(executable, "");
    expect([[link], [executable], ["/not/there"]].map(cloneOf)).toEqual([undefined, undefined, undefined]);
  });
});
