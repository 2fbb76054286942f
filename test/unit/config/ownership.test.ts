import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findProjectFile } from "../../../src/config/project-file.js";
import { failure, PUBLIC_CLIENT, Sandbox } from "./sandbox.js";

const SOMEBODY = 4242;
const is_root = process.getuid?.() === 0;
afterEach(() => {
  vi.restoreAllMocks();
});

/** Makes a file somebody else's: by giving it away where this user may, else by being somebody else. */
function giveAway(path: string): void {
  if (is_root) lchownSync(path, SOMEBODY, SOMEBODY);
  else vi.spyOn(process, "getuid").mockReturnValue(SOMEBODY);
}

const TWO = { profiles: { work: PUBLIC_CLIENT, home: PUBLIC_CLIENT } };

describe.skipIf(process.platform === "win32")("a configuration", () => {
  it("of another user is not read", () => {
    const sandbox = new Sandbox();
    giveAway(sandbox.configure(TWO));
    expect(failure(() => sandbox.load(), sandbox)).toEqual({
      kind: "configuration",
      message: "~/.config/oidc-token/config.jsonc belongs to another user, so it is not read",
      hint: 'run this as its owner (in a container: --user), or make it your own: chown "$(id -u)" ~/.config/oidc-token/config.jsonc; or name another with --config',
    });
  });

  it.each([0o620, 0o602, 0o666])("that others may write to is not read: %o", (mode) => {
    const sandbox = new Sandbox();
    chmodSync(sandbox.configure(TWO), mode);
    expect(failure(() => sandbox.load(), sandbox)).toEqual({
      kind: "configuration",
      message: "~/.config/oidc-token/config.jsonc can be written to by other users, so it is not read",
      hint: "look through it, then close it: chmod go-w ~/.config/oidc-token/config.jsonc",
    });
  });

  it.each([0o400, 0o600, 0o644])("that only its owner may write to is read: %o", (mode) => {
    const sandbox = new Sandbox();
    chmodSync(sandbox.configure(TWO), mode);
    expect(sandbox.load().names).toEqual(["work", "home"]);
  });
});

describe.skipIf(process.platform === "win32")("a project file of another user", () => {
  const said = (sandbox: Sandbox, cwd: string): string => {
    let text = "";
    const stderr = {
      write(part: string): boolean {
        text += part;
        return true;
      },
    };
    const selected = sandbox.load({ cwd, stderr, env: { OIDC_TOKEN_PROFILE: "work" } }).profile();
    expect(selected.name).toBe("work");
    return text.replaceAll(sandbox.home, "~");
  };

  it("is not read, and that is said", () => {
    const sandbox = new Sandbox();
    sandbox.configure(TWO);
    const path = sandbox.write("~/src/.oidc-token.jsonc", "{ nonsense");
    giveAway(path);
    const found = findProjectFile(dirname(path), sandbox.home, () => "unknown");
    expect(found).toEqual({ looked_at: [path, join(sandbox.home, ".oidc-token.jsonc")], foreign: [path] });
    if (is_root) {
      expect(said(sandbox, dirname(path))).toBe(
        "oidc-token: ~/src/.oidc-token.jsonc belongs to another user, so it is not read\n",
      );
    }
  });

  it.skipIf(!is_root)("is not read through a link of theirs, whosever file it leads to", () => {
    const sandbox = new Sandbox();
    sandbox.configure(TWO);
    mkdirSync(join(sandbox.home, "src"));
    const link = join(sandbox.home, "src", ".oidc-token.jsonc");
    symlinkSync(sandbox.file, link);
    giveAway(link);
    expect(said(sandbox, dirname(link))).toContain("belongs to another user");
  });
});

describe("the way up from a folder", () => {
  const FILE = ".oidc-token.jsonc";

  it("ends at the home folder, whoever owns what lies between", () => {
    const sandbox = new Sandbox();
    const cwd = join(sandbox.home, "a", "b");
    mkdirSync(cwd, { recursive: true });
    if (is_root) chownSync(join(sandbox.home, "a"), SOMEBODY, SOMEBODY);
    expect(findProjectFile(cwd, sandbox.home, () => "unknown").looked_at).toEqual(
      [cwd, dirname(cwd), sandbox.home].map((folder) => join(folder, FILE)),
    );
  });

  it.skipIf(!is_root)("ends outside of it where the owner changes", () => {
    const sandbox = new Sandbox();
    const shared = join(sandbox.home, "shared");
    const own = join(shared, "own", "deep");
    mkdirSync(own, { recursive: true });
    chownSync(own, SOMEBODY, SOMEBODY);
    chownSync(dirname(own), SOMEBODY, SOMEBODY);
    sandbox.write(join(shared, FILE), { default_profile: "planted" });
    expect(findProjectFile(own, "/home/nobody-here", () => "unknown")).toEqual({
      looked_at: [join(own, FILE), join(dirname(own), FILE)],
      foreign: [],
    });
  });

  it.skipIf(process.platform !== "linux")("ends outside of it where the file system changes", () => {
    expect(findProjectFile("/proc/self", "/home/nobody-here", () => "unknown").looked_at.at(-1)).not.toBe(
      `/${FILE}`,
    );
  });
});

it.each(["__proto__", "constructor", "prototype"])("%s as a name changes nothing", (name) => {
  const sandbox = new Sandbox();
  sandbox.configure(`{ "profiles": { "${name}": { "issuer": "https://id.example.com" } } }`);
  expect(failure(() => sandbox.load(), sandbox).message).toContain(`the key "${name}" is not allowed`);
  sandbox.configure({ profiles: { work: { ...PUBLIC_CLIENT, provider: name } } });
  if (name === "__proto__") expect(failure(() => sandbox.load(), sandbox).kind).toBe("configuration");
  else expect(sandbox.load().profile().provider).toBe(name);
  expect(Object.keys(Object.prototype)).toEqual([]);
});
