import { expect, it } from "vitest";
import { apply } from "../../../../src/commands/setup/apply.js";
import { PLACEHOLDERS } from "../../../../src/commands/setup/asked.js";
import { callsOf } from "../../../../src/commands/setup/program.js";
import type { FileEdit, Tool } from "../../../../src/commands/setup/tool.js";
import { TOOLS } from "../../../../src/commands/setup/tools.js";

const INTRODUCTION = `# Tools

How each tool gets its token. \`oidc-token setup TOOL\` prints the same with the real paths and addresses of your machine;
with \`--write\` it shows the change, asks, keeps what was there, and makes it; \`--undo\` takes exactly that back. Comments
and everything else in the file stay. A file it does not understand is left alone.

In the texts below the profile is called \`corp\`, and \`/path/to/oidc-token\` stands for two absolute paths, of Node and of
the program, because desktop programs find neither by name. Sign in once with \`oidc-token login\`; no tool ever asks.

A token goes only to the hosts in the profile's \`allowed_origins\`. Where a tool says for which host it asks, \`setup\` adds
that host; a host nobody has listed gets no token, whatever asks.
`;

const asked = {
  ...callsOf(
    ["/path/to/oidc-token"],
    { profile: ["--profile", "corp"], config: [] },
    "~/.local/share/oidc-token/setup/bin",
    "linux",
  ),
  profile: "corp",
  base_url: PLACEHOLDERS.base_url,
  url: new URL(PLACEHOLDERS.url),
  role: PLACEHOLDERS.role,
  audience: PLACEHOLDERS.audience,
  home: "~",
  env: {},
  platform: "linux",
  isOnPath: () => true,
  clone: undefined,
} as const;

const LANGUAGE = {
  json: "json",
  toml: "toml",
  yaml: "yaml",
  ini: "ini",
  block: "text",
  whole: "sh",
} as const;

function file(edit: FileEdit): string {
  const { text } = apply("", edit);
  return `${edit.executable ? "A program, " : "In "}\`${edit.path}\`:\n\n\`\`\`${LANGUAGE[edit.format]}\n${text.trimEnd()}\n\`\`\``;
}

function section(tool: Tool): string {
  const { edits, next = [] } = tool.plan(asked);
  const options = tool.needs.filter((need) => need !== "base_url").map((need) => ` --${need} …`);
  const origin = tool.asks_for_host ? " It adds the host to the profile's `allowed_origins`." : "";
  const base = tool.needs.includes("base_url") ? " The profile needs a `base_url`." : "";
  return [
    `## ${tool.title}`,
    tool.says,
    ...(edits.length > 0
      ? [
          `\`oidc-token setup ${tool.name}${options.join("")} --write\`${origin || base ? `.${origin}${base}` : ""}`,
        ]
      : []),
    ...edits.map(file),
    ...(next.length > 0 ? [`Then:\n\n\`\`\`sh\n${next.join("\n")}\n\`\`\``] : []),
  ].join("\n\n");
}

it("docs/tools.md says what `setup` does", async () => {
  const text = `${[INTRODUCTION.trimEnd(), ...TOOLS.map(section)].join("\n\n")}\n`;
  // `npx vitest run --config test/vitest.config.ts test/unit/commands/setup -u` writes it anew.
  await expect(text).toMatchFileSnapshot("../../../../docs/tools.md");
});
