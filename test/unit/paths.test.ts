import { isAbsolute } from "node:path";
import envPaths from "env-paths";
import { afterEach, expect, it, vi } from "vitest";
import { userPaths } from "../../src/paths.js";

it("the user's folders are absolute and end in the program's name without a suffix", () => {
  const { home, ...folders } = userPaths();
  expect(isAbsolute(home)).toBe(true);
  for (const folder of Object.values(folders)) {
    expect(isAbsolute(folder)).toBe(true);
    expect(folder).toMatch(/oidc-token(?!-nodejs)/);
  }
});

afterEach(() => vi.unstubAllEnvs());

it("the user's folders are those that env-paths names", () => {
  const { config, data, cache, log } = envPaths("oidc-token", { suffix: "" });
  expect(userPaths()).toMatchObject({ config, data, cache, log });
});

it.skipIf(process.platform === "win32")("a variable with a relative path counts for nothing", () => {
  for (const name of ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"])
    vi.stubEnv(name, undefined);
  const usual = userPaths();
  for (const value of [".", "config", "~/config", "./x"]) {
    vi.stubEnv("XDG_CONFIG_HOME", value);
    vi.stubEnv("XDG_DATA_HOME", value);
    expect(userPaths()).toEqual(usual);
  }
  for (const value of ["", ".", "home"]) {
    vi.stubEnv("HOME", value);
    expect(isAbsolute(userPaths().home)).toBe(true);
  }
});
