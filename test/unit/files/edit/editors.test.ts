import { describe, expect, it } from "vitest";
import { EDITORS, type FileFormat } from "../../../../src/files/edit/editor.js";
import { NotUnderstood, type Place } from "../../../../src/files/edit/place.js";
import type { Json } from "../../../../src/files/jsonc-edit.js";

interface Case {
  readonly format: FileFormat;
  readonly text: string;
  readonly place: Place;
  readonly value: Json;
  /** What is there afterwards, beside all the lines of the text. */
  readonly adds: readonly string[];
}

const KUBECONFIG = `apiVersion: v1
kind: Config
# the cluster at work
clusters:
- name: work
  cluster:
    server: https://k8s.example # the VPN first
users:
- name: old
  user:
    token: abc
current-context: ""
`;

const CASES: readonly Case[] = [
  {
    format: "json",
    text: '{\n  // mine\n  "theme": "dark", // always\n  "env": {\n    "A": "1",\n  },\n}\n',
    place: ["env", "B"],
    value: "2",
    adds: ['"B": "2"'],
  },
  {
    format: "toml",
    text: '# mine\nmodel = "x" # the model\n\n[mcp_servers.a]   # odd\nargs = [ "a",\n  "b" ]\n',
    place: ["mcp_servers", "corp", "url"],
    value: "https://m.example/",
    adds: ["[mcp_servers.corp]", 'url = "https://m.example/"'],
  },
  {
    format: "toml",
    text: '[a]\nb = 1\ndate = 2026-01-02T03:04:05Z\n\n[[list]]\nname = "z"\n# the end\n',
    place: ["top"],
    value: "value",
    adds: ['top = "value"'],
  },
  {
    format: "yaml",
    text: KUBECONFIG,
    place: ["users", "=corp", "user", "exec"],
    value: { command: "/bin/x", args: ["get"] },
    adds: ["- name: corp", "      command: /bin/x"],
  },
  {
    format: "ini",
    text: "; mine\n[core]\n\teditor = vi\n[user]\n\tname = A # not B\n\n[alias]\n\tco = checkout\n",
    place: ['credential "https://git.example"', "helper"],
    value: ["", "!x get"],
    adds: ['[credential "https://git.example"]', "\thelper =", "\thelper = !x get"],
  },
  {
    format: "ini",
    text: "registry=https://npm.example/\n//other.example/:_authToken=abc\n",
    place: ["", "//npm.example/:tokenHelper"],
    value: "/bin/x",
    adds: ["//npm.example/:tokenHelper=/bin/x"],
  },
  {
    format: "ini",
    text: "[global]\nextra-index-url =\n    https://a.example/simple\n    https://b.example/simple\ntimeout = 5\n",
    place: ["global", "keyring-provider"],
    value: "subprocess",
    adds: ["keyring-provider = subprocess"],
  },
  {
    format: "block",
    text: 'plugin_cache_dir = "x"\n',
    place: ["thing"],
    value: "a {\n}",
    adds: ["# written by oidc-token for thing", "a {"],
  },
];

describe.each(CASES)("a value in $format at $place", ({ format, text, place, value, adds }) => {
  const editor = EDITORS[format];
  for (const [name, before] of [
    ["a file with comments", text],
    ["the same with no line end at its end", text.trimEnd()],
    ["the same from Windows", text.replaceAll("\n", "\r\n")],
  ] as const) {
    if (format === "yaml" && name.includes("no line end")) continue;

    it(`is written into ${name}, of which every line stays`, () => {
      const after = editor.write(before, place, value);
      const lines = after.split(/\r?\n/);
      for (const line of before.split(/\r?\n/)) expect(lines.join("\n")).toContain(line.trimEnd());
      for (const line of adds) expect(after).toContain(line);
      expect(editor.read(after, place)).toEqual(value);
      if (name.endsWith("Windows")) expect(after).not.toMatch(/[^\r]\n/);
    });
  }

  it("is read as it was written, and written once however often", () => {
    const after = editor.write(text, place, value);
    expect(editor.write(after, place, value)).toBe(after);
  });

  it("goes into a file that is not there yet", () => {
    expect(editor.read(editor.write("", place, value), place)).toEqual(value);
  });
});

it.each([
  ["json", "{ this is not JSON"],
  ["json", "[]"],
  ["json", '{ "a": "text" }'],
  ["toml", "a = = 1"],
  ["toml", 'a = "text"'],
  ["yaml", "a: [1"],
  ["yaml", "a: text"],
  ["ini", "[section]\n= nothing"],
] as const)("%s that is not understood is refused: %j", (format, text) => {
  expect(() => EDITORS[format].write(text, ["a", "b"], "c")).toThrow(NotUnderstood);
});
