import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { replaceConfig } from "../../../src/files/config-file.js";
import { failure, Sandbox } from "../config/sandbox.js";

describe("replaceConfig", () => {
  const fine = () => {};

  it("follows a link, and a link to a link, to the file itself", () => {
    const sandbox = new Sandbox();
    const real = sandbox.write("~/dotfiles/config.jsonc", "old", 0o640);
    mkdirSync(sandbox.config, { recursive: true });
    symlinkSync("../dotfiles/config.jsonc", join(sandbox.home, ".config", "middle"));
    symlinkSync("../middle", sandbox.file);
    replaceConfig(sandbox.file, "old", "new", fine);
    expect(lstatSync(sandbox.file).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, "utf8")).toBe("new");
    expect(statSync(real).mode & 0o777).toBe(0o640);
  });

  it("creates the file a link points to, and says so of a link that goes round in circles", () => {
    const sandbox = new Sandbox();
    mkdirSync(sandbox.config, { recursive: true });
    symlinkSync(join(sandbox.home, "elsewhere.jsonc"), sandbox.file);
    replaceConfig(sandbox.file, undefined, "new", fine);
    expect(readFileSync(join(sandbox.home, "elsewhere.jsonc"), "utf8")).toBe("new");
    const round = join(sandbox.config, "round");
    symlinkSync("round", round);
    expect(failure(() => replaceConfig(round, undefined, "new", fine)).message).toContain(
      "it is a link that leads nowhere",
    );
  });

  it("keeps the byte order mark that some editors put first", () => {
    const sandbox = new Sandbox();
    sandbox.configure("\ufeffold");
    replaceConfig(sandbox.file, "old", "new", fine);
    expect(readFileSync(sandbox.file, "utf8")).toBe("\ufeffnew");
    replaceConfig(sandbox.file, "new", "old", fine);
    expect(readFileSync(sandbox.file, "utf8")).toBe("\ufeffold");
  });

  it.skipIf(process.getuid?.() !== 0)("leaves a file to its owner where root changes it", () => {
    const sandbox = new Sandbox();
    sandbox.configure("old");
    chownSync(sandbox.file, 1234, 1235);
    replaceConfig(sandbox.file, "old", "new", fine);
    expect(statSync(sandbox.file)).toMatchObject({ uid: 1234, gid: 1235 });
  });

  it("leaves alone what somebody else has written meanwhile", () => {
    const sandbox = new Sandbox();
    sandbox.configure("old");
    const { message } = failure(() =>
      replaceConfig(sandbox.file, "old", "new", () => sandbox.configure("theirs")),
    );
    expect(message).toMatch(/was changed by somebody else meanwhile/);
    expect(readFileSync(sandbox.file, "utf8")).toBe("theirs");
    expect(readdirSync(sandbox.config)).toEqual(["config.jsonc"]);
  });

  it("says in words why a file cannot be written", () => {
    const sandbox = new Sandbox();
    sandbox.write("~/file", "x");
    const reasons = [join(sandbox.home, "file", "config.jsonc"), "/proc/oidc-token/config.jsonc"].map(
      (path) => failure(() => replaceConfig(path, undefined, "new", fine)).message,
    );
    expect(reasons[0]).toMatch(/a part of that path is not a folder$/);
    if (process.platform === "linux") expect(reasons[1]).toMatch(/cannot be made$/);
  });

  it("clears away what a killed process left a minute ago, and nothing younger", () => {
    const sandbox = new Sandbox();
    const old = sandbox.write(join(sandbox.config, "config.jsonc.1-a.tmp"), "half");
    const young = sandbox.write(join(sandbox.config, "config.jsonc.2-b.tmp"), "half");
    const long_ago = Date.now() / 1000 - 61;
    utimesSync(old, long_ago, long_ago);
    replaceConfig(sandbox.file, undefined, "new", fine);
    expect(existsSync(old)).toBe(false);
    expect(existsSync(young)).toBe(true);
  });
});
