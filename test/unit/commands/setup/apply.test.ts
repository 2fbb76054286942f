import { describe, expect, it } from "vitest";
import { apply, revert } from "../../../../src/commands/setup/apply.js";
import { PLACEHOLDERS } from "../../../../src/commands/setup/asked.js";
import { callsOf, ownProgram, shellLine } from "../../../../src/commands/setup/program.js";
import type { FileEdit } from "../../../../src/commands/setup/tool.js";
import { TOOL_NAMES } from "../../../../src/commands/setup/tool-names.js";
import { TOOLS } from "../../../../src/commands/setup/tools.js";

type Edit = Pick<FileEdit, "format" | "settings">;
const JSON_EDIT: Edit = {
  format: "json",
  settings: [
    { place: ["outer", "inner", "key"], value: "ours" },
    { place: ["list"], add: "ours" },
    { place: ["theirs"], value: "ours" },
  ],
};

/** Lines that a person might have in each of the files. */
const BEFORE: Record<string, string> = {
  json: '{\n  // a comment\n  "theirs": "kept", // why\n  "list": ["a"],\n  "mcpServers": { "x": { "command": "y" } }\n}\n',
  toml: '# a comment\nmodel = "x"\n\n[registries.other]\nindex = "sparse+https://o.example/"\n\n[mcp_servers.x]\ncommand = "y"\n',
  yaml: "apiVersion: v1\nusers:\n- name: other\n  user:\n    token: abc # secret\ncontexts: []\n",
  ini: "; a comment\nkey=value\n\n[global]\ntimeout = 5\n\n[other]\nkey = value\n",
  block: "# a comment\nsetting = 1\n",
};

describe("taking back", () => {
  it("leaves byte for byte what was there", () => {
    const before = BEFORE.json ?? "";
    const { text, changes } = apply(before, JSON_EDIT);
    expect(text).not.toBe(before);
    expect(revert(text, "json", changes)).toBe(before);
  });

  it("leaves what somebody else has written since, and has put in the place of ours", () => {
    const { text, changes } = apply(BEFORE.json ?? "", JSON_EDIT);
    const since = text
      .replace('"theirs": "ours"', '"theirs": "new"')
      .replace('"key": "ours"', '"key": "ours",\n      "more": 1');
    const rest = revert(since, "json", changes);
    expect(rest).toContain('"theirs": "new"');
    expect(rest).toContain('"more": 1');
    expect(rest).not.toContain("ours");
  });

  it("of nothing changes nothing, and setting twice is setting once", () => {
    const once = apply(BEFORE.json ?? "", JSON_EDIT);
    const twice = apply(once.text, JSON_EDIT);
    expect(twice).toEqual({ text: once.text, changes: [] });
    expect(revert(once.text, "json", [])).toBe(once.text);
  });
});

describe("each tool", () => {
  const asked = {
    ...callsOf(
      ["/usr/bin/node", "/opt/oidc-token.js"],
      { profile: ["--profile", "corp"], config: [] },
      "/d/bin",
      "linux",
    ),
    profile: "corp",
    base_url: PLACEHOLDERS.base_url,
    url: new URL(PLACEHOLDERS.url),
    role: PLACEHOLDERS.role,
    audience: PLACEHOLDERS.audience,
    home: "/home/person",
    env: {},
    platform: "linux",
    isOnPath: () => false,
    clone: undefined,
  } as const;
  const edits = TOOLS.flatMap((tool) => tool.plan(asked).edits.map((edit) => [tool.name, edit] as const));

  it("is known to the command line by its name", () => {
    expect(TOOLS.map(({ name }) => name)).toEqual([...TOOL_NAMES]);
  });

  it.each(edits)(
    "%s goes into a file with other things in it and out again, byte for byte",
    (_name, edit) => {
      const before = BEFORE[edit.format] ?? "";
      const { text, changes } = apply(before, edit);
      expect(changes.length).toBeGreaterThan(0);
      expect(apply(text, edit).changes).toEqual([]);
      expect(revert(text, edit.format, changes)).toBe(before);
      // And where something else was added since, which no backup could do.
      const more = edit.format === "json" || edit.format === "whole" ? "" : "\n# added since\n";
      expect(revert(`${text}${more}`, edit.format, changes).trimEnd()).toBe(`${before}${more}`.trimEnd());
    },
  );

  it.each(edits)("%s names programs by absolute paths only", (_name, edit) => {
    const { text } = apply("", edit);
    for (const call of text.match(/\S*oidc-token(?:\.js)? (?:get|exec|credential)/g) ?? [])
      expect(call.replace(/^["'!]+/, "")).toMatch(/^\//);
  });
});

describe("a path with a blank in it", () => {
  const folder = "/Users/a person/Library/Application Support/oidc-token";
  const program = ["/a b/node", "/opt/oidc-token.js"];
  const asked = {
    ...callsOf(program, { profile: [], config: [] }, `${folder}/setup/bin`, "linux"),
    ...{ profile: "corp", base_url: "", url: new URL("https://h.example"), role: "r", audience: "a" },
    home: "/Users/a person",
    env: {},
    platform: "linux",
    isOnPath: () => false,
    clone: undefined,
  } as const;
  const textOf = (tool: string): string => {
    const { edits = [] } = TOOLS.find(({ name }) => name === tool)?.plan(asked) ?? {};
    const last = edits.at(-1);
    return last ? apply("", last).text : "";
  };

  it("is quoted as each tool takes a line apart", () => {
    expect(textOf("bazel")).toContain(
      `common "--credential_helper=h.example=${folder}/setup/bin/bazel-credential-oidc-token"\n`,
    );
    expect(textOf("aws")).toContain(`credential_process = "${folder}/setup/bin/aws-credentials-corp"\n`);
    expect(textOf("rclone")).toContain(`bearer_token_command = "/a b/node" /opt/oidc-token.js get`);
    expect(textOf("git")).toContain("helper = !'/a b/node' /opt/oidc-token.js credential git\n");
    expect(JSON.parse(textOf("google")).credential_source.executable.command).toMatch(/^"\/a b\/node" \/opt/);
  });

  it("is refused where pnpm would take it apart, whatever the quotes", () => {
    expect(() => textOf("pnpm")).toThrow(/blanks/);
  });
});

describe("a line for the shell", () => {
  it("quotes what the shell would take apart", () => {
    expect(shellLine(["/a b/node", "it's", "x=1", "$HOME"], "linux")).toBe(
      "'/a b/node' 'it'\\''s' x=1 '$HOME'",
    );
    expect(shellLine(["C:\\Program Files\\node.exe", "get"], "win32")).toBe(
      '"C:\\Program Files\\node.exe" get',
    );
  });

  it("begins with the runtime and the script, both absolute", () => {
    const program = ownProgram({ env: { PATH: "" } }, "bin/oidc-token.js");
    expect(program[0]).toBe(process.execPath);
    expect(program[1]).toBe(`${process.cwd()}/bin/oidc-token.js`);
  });

  it("is the executable alone, where there is no script", () => {
    expect(ownProgram({ env: { PATH: "" } }, process.execPath)).toEqual([process.execPath]);
  });
});
