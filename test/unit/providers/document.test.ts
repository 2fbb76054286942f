import { expect, it } from "vitest";
import { PRESETS, type Preset } from "../../../src/providers/index.js";

const INTRODUCTION = `# Providers

What to register at each provider, a profile that works once its \`<…>\` are filled in, and what is good to know.
Each profile goes under \`"profiles"\` in \`config.jsonc\`; add \`"base_url"\` for the service the token is for.
\`preset\` may be left out where the issuer tells the provider, as it does for hosts that only one provider has.

A \`redirect_uri\` without a port takes any free one; where the provider compares the port too, the profile names it.
`;

function section({ name, title, setup, example, note }: Preset): string {
  const profile = JSON.stringify({ [name]: example }, null, 2)
    .split("\n")
    .slice(1, -1);
  const lines = profile.map((line) => line.slice(2)).join("\n");
  return `## ${title}\n\n${setup}\n\n\`\`\`jsonc\n${lines}\n\`\`\`\n\n${note}\n`;
}

it("docs/providers.md says what the presets say", async () => {
  const text = [INTRODUCTION, ...PRESETS.map(section)].join("\n");
  // `npx vitest run --config test/vitest.config.ts test/unit/providers -u` writes it anew.
  await expect(text).toMatchFileSnapshot("../../../docs/providers.md");
});
