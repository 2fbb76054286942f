import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { failure, PUBLIC_CLIENT, Sandbox } from "./sandbox.js";

const FILE = "~/.config/oidc-token/config.jsonc";

describe("the configuration file", () => {
  it("may hold comments, trailing commas, a byte order mark and Windows line ends", () => {
    const sandbox = new Sandbox();
    sandbox.configure(
      '\ufeff// mine\r\n{ "profiles": { /* one */ "work": { "issuer": "https://id.example.com", "client_id": "cli", }, }, }\r\n',
    );
    expect(sandbox.load().profile()).toMatchObject({ name: "work", client_id: "cli" });
  });

  it.skipIf(process.platform === "win32")("may be a link to a regular file", () => {
    const sandbox = new Sandbox();
    const target = sandbox.write("~/dotfiles/oidc.jsonc", { profiles: { work: PUBLIC_CLIENT } });
    mkdirSync(sandbox.config, { recursive: true });
    symlinkSync(target, sandbox.file);
    expect(sandbox.load().names).toEqual(["work"]);
  });

  it.each([
    ["no text at all", "", `${FILE} is empty`],
    ["only a comment", "// later\n", `${FILE} is empty`],
    ["a list", "[]", `${FILE}:1:1: the configuration must be an object, written in braces`],
    ["a string", '"x"', `${FILE}:1:1: the configuration must be an object, written in braces`],
    ["null", "null", `${FILE}:1:1: the configuration must be an object, written in braces`],
    [
      "a missing comma",
      '{\n  "store": "auto"\n  "profiles": {}\n}',
      `${FILE}:3:3: a comma is missing before this`,
    ],
    ["a missing colon", '{\n  "store" "auto"\n}', `${FILE}:2:11: a colon is missing here`],
    ["a missing value", '{ "store": }', `${FILE}:1:12: a value is missing here`],
    ["a bare key", '{ store: "auto" }', `${FILE}:1:3: this is no JSON value`],
    ["single quotes", "{ 'store': 1 }", `${FILE}:1:3: this is no JSON value`],
    ["an unclosed brace", '{\n  "profiles": {\n  }\n', `${FILE}:4:1: a closing brace is missing here`],
    ["an unclosed string", '{\n  "store": "auto\n}', `${FILE}:2:12: this string has no end on its line`],
    ["an unclosed comment", "{} /* x", `${FILE}:1:4: this comment has no end`],
    [
      "a Windows path",
      '{ "default_profile": "C:\\Users" }',
      `${FILE}:1:22: this string holds a backslash that stands for nothing`,
    ],
    ["text after the end", "{}\n{}", `${FILE}:2:1: there is more after the end`],
    [
      "carriage returns alone",
      '{\r"store": "auto"\r"profiles": {}}',
      `${FILE}:3:1: a comma is missing before this`,
    ],
    ["a duplicate key", '{ "store": "auto",\n  "store": "file" }', `${FILE}:2:3: duplicate key "store"`],
    ["a duplicate profile", '{ "profiles": { "a": {},\n "a": {} } }', `${FILE}:2:2: duplicate key "a"`],
    ["__proto__", '{ "__proto__": { "store": "file" } }', `${FILE}:1:3: the key "__proto__" is not allowed`],
    [
      "a profile called constructor",
      '{ "profiles": { "constructor": {} } }',
      `${FILE}:1:17: the key "constructor" is not allowed`,
    ],
    ["__proto__ by escape", '{ "__proto\\u005f_": {} }', `${FILE}:1:3: the key "__proto__" is not allowed`],
    [
      "endless nesting",
      `{ "profiles": ${"[".repeat(100_000)}`,
      `${FILE}:1:46: nested more than 32 levels deep`,
    ],
    ["UTF-16, as PowerShell writes it", Buffer.from("\ufeff{}", "utf16le"), `${FILE} is not UTF-8 text`],
    ["Latin-1", Buffer.from([0x7b, 0x22, 0xe9, 0x22, 0x7d]), `${FILE} is not UTF-8 text`],
    ["a megabyte and more", `{}${" ".repeat(1024 * 1024)}`, `${FILE} is larger than 1024 KiB`],
  ])("with %s is refused with its place", (_, content, message) => {
    const sandbox = new Sandbox();
    sandbox.configure(content);
    const refused = failure(() => sandbox.load(), sandbox);
    expect(refused).toMatchObject({ kind: "configuration", message });
    expect(refused.hint).not.toBe("");
  });

  it("hints at the way out of a backslash", () => {
    const sandbox = new Sandbox();
    sandbox.configure('{ "default_profile": "C:\\Users" }');
    expect(failure(() => sandbox.load()).hint).toBe("write a backslash as \\\\, or use / in paths");
  });

  it("is no folder", () => {
    const sandbox = new Sandbox();
    mkdirSync(sandbox.file, { recursive: true });
    expect(failure(() => sandbox.load(), sandbox)).toMatchObject({
      kind: "configuration",
      message: `${FILE} is a folder`,
      hint: "name a configuration file inside it",
    });
  });

  it.skipIf(process.platform === "win32")("is no pipe, which could block every call", () => {
    const sandbox = new Sandbox();
    mkdirSync(sandbox.config, { recursive: true });
    execFileSync("mkfifo", [sandbox.file], { timeout: 5000 });
    expect(failure(() => sandbox.load(), sandbox).message).toBe(`${FILE} is not a regular file`);
  });

  it.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
    "says so where it may not be read",
    () => {
      const sandbox = new Sandbox();
      chmodSync(sandbox.configure("{}"), 0);
      expect(failure(() => sandbox.load(), sandbox).message).toBe(
        `${FILE} cannot be read: permission denied`,
      );
    },
  );

  it.skipIf(process.platform === "win32")("tells a terminal nothing by its path or its keys", () => {
    const sandbox = new Sandbox();
    const path = sandbox.write("~/\u001b[31m/c.jsonc", { "\u001b]0;x\u0007\u202e": 1 });
    const { message } = failure(() => sandbox.load({ config: path }), sandbox);
    expect(message).toBe(
      '~/\\u001b[31m/c.jsonc:2:3: unknown key "\\u001b]0;x\\u0007\\u202e" in the configuration',
    );
  });
});
