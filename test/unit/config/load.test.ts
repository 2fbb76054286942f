import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configPath } from "../../../src/config/load.js";
import { failure, PUBLIC_CLIENT, Sandbox } from "./sandbox.js";

const FILE = "~/.config/oidc-token/config.jsonc";
const TWO = { work: PUBLIC_CLIENT, home: { ...PUBLIC_CLIENT, client_id: "home" } };

describe("which file is read", () => {
  it("is --config, then OIDC_TOKEN_CONFIG, then the one in the configuration folder", () => {
    const sandbox = new Sandbox();
    for (const name of ["option", "variable", "usual"]) {
      const path = name === "usual" ? sandbox.file : `~/${name}.jsonc`;
      sandbox.write(path, { profiles: { [name]: PUBLIC_CLIENT } });
    }
    const env = { OIDC_TOKEN_CONFIG: `${sandbox.home}/variable.jsonc` };
    expect(sandbox.load({ env, config: `${sandbox.home}/option.jsonc` }).names).toEqual(["option"]);
    expect(sandbox.load({ env }).names).toEqual(["variable"]);
    expect(sandbox.load({ env: { OIDC_TOKEN_CONFIG: "" } }).names).toEqual(["usual"]);
  });

  it("may be named from the home folder or from the current one", () => {
    const sandbox = new Sandbox();
    const path = sandbox.write("~/sub/c.jsonc", {});
    expect(sandbox.load({ config: "~/sub/c.jsonc" }).path).toBe(path);
    expect(sandbox.load({ config: "c.jsonc", cwd: `${sandbox.home}/sub` }).path).toBe(path);
    expect(sandbox.load({ env: { OIDC_TOKEN_CONFIG: "~/sub/c.jsonc" } }).path).toBe(path);
  });

  it.each([
    [{ config: "~/nowhere.jsonc" }, "--config"],
    [{ env: { OIDC_TOKEN_CONFIG: "~/nowhere.jsonc" } }, "OIDC_TOKEN_CONFIG"],
  ])("must exist where it is named: %j", (options, by) => {
    const sandbox = new Sandbox();
    expect(failure(() => sandbox.load(options), sandbox)).toEqual({
      kind: "configuration",
      message: `~/nowhere.jsonc, named by ${by}, does not exist`,
      hint: `correct ${by}, or write the file`,
    });
  });

  it.each([
    [{ config: "" }, "--config needs a file"],
    [{ profile: "" }, "--profile needs a name"],
  ])("an empty option is wrong usage: %j", (options, message) => {
    expect(failure(() => new Sandbox().load(options))).toMatchObject({ kind: "usage", message });
  });

  it("may be absent at its usual place, until a profile is asked for", () => {
    const sandbox = new Sandbox();
    const config = sandbox.load();
    expect(config).toMatchObject({ names: [], store: "auto" });
    for (const name of [undefined, "work"]) {
      expect(failure(() => config.profile(name), sandbox)).toEqual({
        kind: "configuration",
        message: `there is no configuration yet: ${FILE} does not exist`,
        hint: "run: oidc-token init; or set OIDC_TOKEN_ISSUER and OIDC_TOKEN_CLIENT_ID",
      });
    }
  });

  it("has a path also where it is absent", () => {
    const { home, config, file } = new Sandbox();
    expect(configPath({ env: {}, cwd: home, paths: { home, config } })).toBe(file);
  });
});

describe("which profile is taken", () => {
  it("is --profile, OIDC_TOKEN_PROFILE, the project's, default_profile, in this order", () => {
    const sandbox = new Sandbox();
    const names = ["option", "variable", "project", "file"];
    sandbox.configure({
      default_profile: "file",
      profiles: Object.fromEntries(names.map((name) => [name, PUBLIC_CLIENT])),
    });
    sandbox.write("~/project/.oidc-token.jsonc", { default_profile: "project" });
    const cwd = `${sandbox.home}/project`;
    const env = { OIDC_TOKEN_PROFILE: "variable" };
    expect(sandbox.load({ cwd, env, profile: "option" }).profile().name).toBe("option");
    expect(sandbox.load({ cwd, env }).profile().name).toBe("variable");
    expect(sandbox.load({ cwd }).profile().name).toBe("project");
    expect(sandbox.load().profile().name).toBe("file");
  });

  it("is the only one there is", () => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: { work: PUBLIC_CLIENT } });
    expect(sandbox.load().profile()).toMatchObject({ name: "work", is_default: true });
  });

  it("is none of several where nothing selects one", () => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: TWO });
    const config = sandbox.load();
    expect(failure(() => config.profile(), sandbox)).toEqual({
      kind: "configuration",
      message: `${FILE} defines 2 profiles and none is selected`,
      hint: 'name one with --profile, OIDC_TOKEN_PROFILE or "default_profile": "work", "home"',
    });
    expect(config.profile("home")).toMatchObject({ name: "home", is_default: false });
  });

  it("is missing from a file without profiles", () => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: {} });
    expect(failure(() => sandbox.load().profile(), sandbox).message).toBe(`${FILE} defines no profile`);
  });

  it.each([
    [
      { profile: "wrok" },
      `profile "wrok" (from --profile) is not defined in ${FILE}`,
      'did you mean "work"?',
    ],
    [
      { env: { OIDC_TOKEN_PROFILE: "Work" } },
      `profile "Work" (from OIDC_TOKEN_PROFILE) is not defined in ${FILE}`,
      'did you mean "work"?',
    ],
    [
      { profile: "okta" },
      `profile "okta" (from --profile) is not defined in ${FILE}`,
      'the profiles are "work", "home"',
    ],
    [
      { profile: "toString" },
      `profile "toString" (from --profile) is not defined in ${FILE}`,
      'the profiles are "work", "home"',
    ],
  ])("must be defined: %j", (options, message, hint) => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: TWO });
    expect(failure(() => sandbox.load(options).profile(), sandbox)).toEqual({
      kind: "configuration",
      message,
      hint,
    });
  });

  it("must be defined where default_profile names it", () => {
    const sandbox = new Sandbox();
    sandbox.configure({ default_profile: "wrok", profiles: TWO });
    expect(failure(() => sandbox.load().profile(), sandbox)).toMatchObject({
      message: `${FILE}:2:22: "default_profile" is "wrok", which ${FILE} does not define`,
      hint: 'did you mean "work"?',
    });
    expect(sandbox.load({ profile: "home" }).profile().name).toBe("home");
  });

  it("does not depend on --profile for being the default one", () => {
    const sandbox = new Sandbox();
    sandbox.configure({ default_profile: "work", profiles: TWO });
    const config = sandbox.load({ profile: "home" });
    expect(config.names.map((name) => config.profile(name).is_default)).toEqual([true, false]);
  });
});

describe("the store", () => {
  it("is OIDC_TOKEN_STORE, the file's, or auto", () => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: { work: PUBLIC_CLIENT } });
    expect(sandbox.load().profile().store).toBe("auto");
    sandbox.configure({ store: "keyring", profiles: { work: PUBLIC_CLIENT } });
    expect(sandbox.load().profile().store).toBe("keyring");
    expect(sandbox.load({ env: { OIDC_TOKEN_STORE: "file" } }).profile().store).toBe("file");
    expect(sandbox.load({ env: { OIDC_TOKEN_STORE: "" } }).store).toBe("keyring");
  });
});

describe("a project's file", () => {
  const project = (content: string | object) => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: TWO });
    sandbox.write("~/src/app/.oidc-token.jsonc", content);
    const cwd = join(sandbox.home, "src/app/deep/down");
    mkdirSync(cwd, { recursive: true });
    return { sandbox, cwd };
  };
  const PROJECT = "~/src/app/.oidc-token.jsonc";

  it("selects a profile from any folder below it", () => {
    const { sandbox, cwd } = project('{ "default_profile": "home", /* ours */ }');
    expect(sandbox.load({ cwd }).profile()).toMatchObject({ name: "home", is_default: true });
  });

  it("counts where it is the nearest", () => {
    const { sandbox, cwd } = project({ default_profile: "home" });
    sandbox.write("~/src/.oidc-token.jsonc", { default_profile: "nobody" });
    sandbox.write(`${cwd}/.oidc-token.jsonc`, { default_profile: "work" });
    expect(sandbox.load({ cwd }).profile().name).toBe("work");
  });

  it("may select nothing", () => {
    const { sandbox, cwd } = project({});
    expect(failure(() => sandbox.load({ cwd }).profile(), sandbox).message).toContain("none is selected");
  });

  it("is searched no further up than the home folder", () => {
    const { sandbox, cwd } = project({});
    const files = sandbox.load({ cwd: sandbox.home }).files;
    expect(files).toEqual([sandbox.file, join(sandbox.home, ".oidc-token.jsonc")]);
    expect(sandbox.load({ cwd: "/usr" }).files.slice(1)).toEqual([
      join("/usr", ".oidc-token.jsonc"),
      join("/", ".oidc-token.jsonc"),
    ]);
    expect(sandbox.load({ cwd }).files.slice(1)).toEqual([
      join(cwd, ".oidc-token.jsonc"),
      join(cwd, "../.oidc-token.jsonc"),
      join(cwd, "../../.oidc-token.jsonc"),
    ]);
  });

  it.each([
    [{ profiles: { home: { issuer: "https://evil.example.com", client_id: "x" } } }],
    [{ default_profile: "home", profiles: 1 }],
  ])("may not redirect a token: %j", (content) => {
    const { sandbox, cwd } = project(content);
    for (const options of [{ cwd }, { cwd, profile: "work" }, { cwd, env: { OIDC_TOKEN_PROFILE: "work" } }]) {
      const refused = failure(() => sandbox.load(options), sandbox);
      expect(refused.kind).toBe("configuration");
      expect(refused.message).toMatch(
        new RegExp(
          `^${PROJECT}:[23]:3: a project file may only select a profile until it is trusted, not define "profiles"$`,
        ),
      );
      expect(refused.hint).toBe(
        'look through it, then run: oidc-token trust; or move "profiles" to your own configuration file',
      );
    }
  });

  it("may not say where tokens are kept", () => {
    const { sandbox, cwd } = project({ store: "file" });
    expect(failure(() => sandbox.load({ cwd }), sandbox)).toEqual({
      kind: "configuration",
      message: `${PROJECT}:2:3: a project file may not say where tokens are kept`,
      hint: 'move "store" to your own configuration file',
    });
  });

  it.each([
    [
      { defaultProfile: "home" },
      `${PROJECT}:2:3: unknown key "defaultProfile" in a project file`,
      'did you mean "default_profile"?',
    ],
    [
      { issuer: "https://evil.example.com" },
      `${PROJECT}:2:3: unknown key "issuer" in a project file`,
      'put it into a profile, under "profiles"',
    ],
    [{ default_profile: 5 }, `${PROJECT}:2:22: "default_profile" must be a string`, undefined],
    [
      { default_profile: "../x" },
      `${PROJECT}:2:22: "default_profile" must start with a letter or digit`,
      undefined,
    ],
    ["[]", `${PROJECT}:1:1: a project file must be an object, written in braces`, undefined],
    ["", `${PROJECT} is empty`, undefined],
    ["{", `${PROJECT}:1:2: a closing brace is missing here`, undefined],
  ])("with something wrong in it is named: %j", (content, message, hint) => {
    const { sandbox, cwd } = project(content);
    const refused = failure(() => sandbox.load({ cwd }), sandbox);
    expect(refused.message).toContain(message);
    if (hint !== undefined) expect(refused.hint).toBe(hint);
  });

  it("that selects an unknown profile is told with both files", () => {
    const { sandbox, cwd } = project({ default_profile: "wrok" });
    expect(failure(() => sandbox.load({ cwd }).profile(), sandbox)).toEqual({
      kind: "configuration",
      message: `${PROJECT}:2:22: "default_profile" is "wrok", which ${FILE} does not define`,
      hint: 'did you mean "work"?',
    });
  });

  it("that selects a profile where there is no user file is told with both files", () => {
    const sandbox = new Sandbox();
    sandbox.write("~/.oidc-token.jsonc", { default_profile: "work" });
    expect(failure(() => sandbox.load().profile(), sandbox).message).toBe(
      `~/.oidc-token.jsonc:2:22: "default_profile" is "work", but ${FILE} does not exist`,
    );
  });

  it("names the profile of an environment without a file, and nothing more", () => {
    const sandbox = new Sandbox();
    sandbox.write("~/.oidc-token.jsonc", { default_profile: "work" });
    const env = { OIDC_TOKEN_ISSUER: "https://id.example.com", OIDC_TOKEN_CLIENT_ID: "cli" };
    expect(sandbox.load({ env }).profile()).toMatchObject({ name: "work", issuer: "https://id.example.com" });
  });
});
