import { chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockDir, userPaths } from "../../src/paths.js";

let own: string;
beforeEach(() => {
  own = mkdtempSync(join(tmpdir(), "oidc-token-run-"));
});
afterEach(() => rmSync(own, { recursive: true, force: true }));

describe.skipIf(process.platform === "win32")("locks live", () => {
  /** Where they live when the variable is of no use. */
  const otherwise = lockDir({});

  it("in the user's runtime folder", () => {
    expect(lockDir({ XDG_RUNTIME_DIR: own })).toBe(`${own}/oidc-token`);
  });

  it("in a folder that bears the user's number where there is no runtime folder", () => {
    expect(otherwise).toMatch(/^\/run\/user\/\d+\/oidc-token$|^\/tmp\/oidc-token-\d+$/);
  });

  it.each<[string, () => string]>([
    ["is empty", () => ""],
    ["is relative", () => "run"],
    ["names a folder that is not there", () => join(own, "absent")],
    [
      "leads through a file",
      () => {
        writeFileSync(join(own, "file"), "");
        return join(own, "file", "run");
      },
    ],
    [
      "runs in circles",
      () => {
        symlinkSync("circle", join(own, "circle"));
        return join(own, "circle");
      },
    ],
    ["is longer than any path", () => `/${"x".repeat(10_000)}`],
    ["has a byte no path can have", () => "/a\0b"],
  ])("in that folder, too, where XDG_RUNTIME_DIR %s", (_what, value) => {
    expect(lockDir({ XDG_RUNTIME_DIR: value() })).toBe(otherwise);
  });

  it.skipIf(process.getuid?.() !== 0)("in that folder, too, where XDG_RUNTIME_DIR is another user's", () => {
    chownSync(own, 12_345, 12_345);
    expect(lockDir({ XDG_RUNTIME_DIR: own })).toBe(otherwise);
  });
});

it("the user's folders are absolute and end in the program's name without a suffix", () => {
  const { home, ...folders } = userPaths();
  expect(isAbsolute(home)).toBe(true);
  for (const folder of Object.values(folders)) {
    expect(isAbsolute(folder)).toBe(true);
    expect(folder).toMatch(/oidc-token(?!-nodejs)/);
  }
});
