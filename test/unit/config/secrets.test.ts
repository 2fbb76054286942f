import { chmodSync, mkdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseReference } from "../../../src/config/schema/reference.js";
import { exposedSecrets, resolveReference } from "../../../src/config/secrets.js";
import type { SecretReference } from "../../../src/profile.js";
import { failure, Sandbox } from "./sandbox.js";

describe("a secret in the configuration", () => {
  it.each<[string, SecretReference]>([
    ["{env:LLM_API_KEY}", { from: "env", name: "LLM_API_KEY" }],
    [" {env: LLM_API_KEY } ", { from: "env", name: "LLM_API_KEY" }],
    ["{file:~/.secrets/a b}", { from: "file", path: "~/.secrets/a b" }],
    ["{file:C:\\secrets\\key}", { from: "file", path: "C:\\secrets\\key" }],
    ["{keyring}", { from: "keyring" }],
    ["hunter2", { from: "plain", value: "hunter2" }],
    ["with } and spaces ", { from: "plain", value: "with } and spaces " }],
    ["p{ss}wörd", { from: "plain", value: "p{ss}wörd" }],
  ])("%j is understood", (text, reference) => {
    expect(parseReference("secret", text)).toEqual(reference);
  });

  it.each([
    "",
    " ",
    "{}",
    "{env}",
    "{env:}",
    "{env:A B}",
    "{ENV:A}",
    "{file:}",
    "{file: }",
    "{keyring:x}",
    "{hunter2",
    "{hunter2}",
    "x{keyring}",
    "a\tb",
  ])("%j is refused without being repeated", (text) => {
    const complaint = parseReference("secret", text);
    expect(complaint).toEqual({
      sentence: expect.stringMatching(/^[a-z]/),
      hint: expect.stringMatching(/^[a-z]/),
    });
    expect(JSON.stringify(complaint)).not.toContain("hunter2");
  });
});

describe("a reference to a token", () => {
  it.each([
    ["{file:/var/run/t}", { from: "file", path: "/var/run/t" }],
    ["{env:T}", { from: "env", name: "T" }],
    ["{github_actions}", { from: "github_actions" }],
    [
      "{github_actions: https://x.example.com }",
      { from: "github_actions", audience: "https://x.example.com" },
    ],
    ["{command:print}", { from: "command", argv: ["print"] }],
    [`{command: "/a b/print" --x='y z'"w" ''}`, { from: "command", argv: ["/a b/print", "--x=y zw", ""] }],
    ["{command:sh -c $(x);rm}", { from: "command", argv: ["sh", "-c", "$(x);rm"] }],
    ["eyJ", { from: "plain", value: "eyJ" }],
  ])("%s", (text, reference) => {
    expect(parseReference("token", text)).toEqual(reference);
  });

  it.each([
    "{keyring}",
    "{command}",
    "{command:}",
    "{command:a 'b}",
    '{command:a "b}',
    "{github_action}",
    "x{command:a}",
  ])("%j is refused", (text) => expect(parseReference("token", text)).toHaveProperty("sentence"));
});

describe("a reference to a key or certificate", () => {
  const PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

  it.each([
    ["{file:/k.pem}", { from: "file", path: "/k.pem" }],
    ["{env:K}", { from: "env", name: "K" }],
    [PEM, { from: "plain", value: PEM }],
    ['{"kty":"EC"}', { from: "plain", value: '{"kty":"EC"}' }],
  ])("%j", (text, reference) => {
    expect(parseReference("key", text)).toEqual(reference);
  });

  it.each(["~/key.pem", "hunter2", "{keyring}", "{command:a}", ""])("%j is refused", (text) => {
    const complaint = parseReference("key", text);
    expect(complaint).toHaveProperty("sentence");
    expect(JSON.stringify(complaint)).not.toContain("hunter2");
  });
});

describe("resolving a secret", () => {
  const at = (path: string): { from: "file"; path: string } => ({ from: "file", path });

  it("answers a plain one and one in a variable as they stand", () => {
    expect(resolveReference({ from: "plain", value: "hunter2" }, "key", { env: {} })).toBe("hunter2");
    expect(resolveReference({ from: "env", name: "K" }, "key", { env: { K: " hunter2 " } })).toBe(
      " hunter2 ",
    );
  });

  it.each([
    ["hunter2", "hunter2"],
    ["hunter2\n", "hunter2"],
    ["hunter2\r\n", "hunter2"],
    ["\ufeffhunter2\n", "hunter2"],
    [" hunter2 \n", " hunter2 "],
  ])("takes one line end off a file: %j", (content, secret) => {
    const sandbox = new Sandbox();
    expect(resolveReference(at(sandbox.write("~/key", content)), "key", { env: {} })).toBe(secret);
  });

  it.each([
    [{}, "not set"],
    [{ K: "" }, "empty"],
  ])("names the variable that holds nothing: %j", (env, state) => {
    expect(failure(() => resolveReference({ from: "env", name: "K" }, "client_secret", { env }))).toEqual({
      kind: "configuration",
      message: `"client_secret" is to come from the variable K, which is ${state}`,
      hint: "set K, and export it so that this command sees it",
    });
  });

  it("names the file that is not there, is empty, or is something else", () => {
    const sandbox = new Sandbox();
    const refused = (name: string) =>
      failure(() => resolveReference(at(`${sandbox.home}/${name}`), "key", { env: {} }), sandbox);
    expect(refused("nowhere")).toEqual({
      kind: "configuration",
      message: '"key" is to come from the file ~/nowhere, which does not exist',
      hint: "create it with the secret as its only line, or correct the path",
    });
    sandbox.write("~/empty", "");
    expect(refused("empty").message).toBe('"key" is to come from the file ~/empty, which is empty');
    sandbox.write("~/line", "\n");
    expect(refused("line").message).toBe('"key" is to come from the file ~/line, which is empty');
    mkdirSync(`${sandbox.home}/folder`);
    expect(refused("folder")).toMatchObject({ kind: "configuration", message: "~/folder is a folder" });
    sandbox.write("~/huge", "x".repeat(65 * 1024));
    expect(refused("huge").message).toBe("~/huge is larger than 64 KiB");
    sandbox.write("~/binary", Buffer.from([0xff, 0xfe, 0x41]));
    expect(refused("binary").message).toBe("~/binary is not UTF-8 text");
  });

  it.each(["hunter2\nhunter3", "hunter2\n\n", "hunter2\u0000", "hunter2\r"])(
    "refuses control characters and further lines: %j",
    (value) => {
      const sandbox = new Sandbox();
      const path = sandbox.write("~/key", value);
      const by_file = failure(() => resolveReference(at(path), "key", { env: {} }), sandbox);
      expect(by_file.message).toBe('~/key (for "key") holds a control character or more than one line');
      const by_variable = failure(() =>
        resolveReference({ from: "env", name: "K" }, "key", { env: { K: value } }),
      );
      expect(by_variable.message).toBe(
        'the variable K (for "key") holds a control character or more than one line',
      );
      expect(JSON.stringify([by_file, by_variable])).not.toContain("hunter2");
    },
  );
});

describe("exposedSecrets", () => {
  it.skipIf(process.platform === "win32").each([
    [0o600, []],
    [0o400, []],
    [0o640, ["~/key can be read by other users of this machine (mode 0640), and holds a secret"]],
    [0o644, ["~/key can be read by other users of this machine (mode 0644), and holds a secret"]],
  ])("looks at the mode of every file with a secret: %o", (mode, sentences) => {
    const sandbox = new Sandbox();
    const path = sandbox.write("~/key", "hunter2");
    chmodSync(path, mode);
    const exposed = exposedSecrets({ assertion: { from: "file", path } }, "/nowhere/config", "linux");
    expect(exposed.map((sentence) => sentence.replace(sandbox.home, "~"))).toEqual(sentences);
    expect(exposedSecrets({ key: { from: "file", path } }, "/nowhere/config", "win32")).toEqual([]);
  });

  it("has nothing to say of what is no file, not there, or no secret", () => {
    const sandbox = new Sandbox();
    const certificate = sandbox.write("~/certificate.pem", "public", 0o644);
    expect(exposedSecrets({}, "/nowhere/config", "linux")).toEqual([]);
    expect(exposedSecrets({ key: { from: "keyring" } }, "/nowhere/config", "linux")).toEqual([]);
    expect(
      exposedSecrets({ key: { from: "file", path: "/nowhere/key" } }, "/nowhere/config", "linux"),
    ).toEqual([]);
    expect(
      exposedSecrets({ key: { from: "file", path: "/dev/null/key" } }, "/nowhere/config", "linux"),
    ).toEqual([]);
    expect(
      exposedSecrets({ client_cert: { from: "file", path: certificate } }, "/nowhere/config", "linux"),
    ).toEqual([]);
  });
});
