import { isAbsolute } from "node:path";
import { expect, it } from "vitest";
import { userPaths } from "../../src/paths.js";

it("the user's folders are absolute and end in the program's name without a suffix", () => {
  const { home, ...folders } = userPaths();
  expect(isAbsolute(home)).toBe(true);
  for (const folder of Object.values(folders)) {
    expect(isAbsolute(folder)).toBe(true);
    expect(folder).toMatch(/oidc-token(?!-nodejs)/);
  }
});
