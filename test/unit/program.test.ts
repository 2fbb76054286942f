import { readFileSync } from "node:fs";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { version } from "../../package.json";
import type { CommandRow } from "../../src/command-row.js";
import { COMMANDS, GLOBAL_OPTIONS } from "../../src/program.js";
import { commandReference, commandTable, manualPage, optionsOf } from "../support/command-reference.js";

const README = new URL("../../README.md", import.meta.url);

/** `npx vitest run --config test/vitest.config.ts test/unit/program.test.ts -u` writes them anew. */
describe("the tree of commands", () => {
  it("is what docs/commands.md says", async () => {
    await expect(commandReference()).toMatchFileSnapshot("../../docs/commands.md");
  });

  it("is what the manual page says", async () => {
    await expect(manualPage(version)).toMatchFileSnapshot("../../docs/oidc-token.1");
  });

  it("is what the README's tables say", async () => {
    const tables: Record<string, string> = { commands: commandTable(), "options of get": optionsOf("get") };
    let found = 0;
    const text = readFileSync(README, "utf8").replace(
      /(<!-- (.+), made of src\/program\.ts -->\n\n)[\s\S]*?(\n\n<!-- end -->)/g,
      (_, head: string, name: string, tail: string) => {
        found += 1;
        return `${head}${tables[name]}${tail}`;
      },
    );
    expect(found).toBe(2);
    await expect(text).toMatchFileSnapshot("../../README.md");
  });

  const every = (rows: readonly CommandRow[]): readonly CommandRow[] =>
    rows.flatMap((row) => [row, ...every(row.commands ?? [])]);

  it.each(every(COMMANDS).map((row) => [row.name, row] as const))(
    "has a command %s that either does something or has commands below it",
    async (_, row) => {
      expect(row.commands === undefined).toBe(row.load !== undefined);
      if (row.load) expect(await row.load()).toBeTypeOf("function");
    },
  );

  it("gives no two options of a command the same name, the global ones included", () => {
    for (const { name, options = [] } of every(COMMANDS)) {
      const command = new Command(name);
      for (const { flags, says } of [...GLOBAL_OPTIONS, ...options]) {
        expect(() => command.option(flags, says), `${name} ${flags}`).not.toThrow();
      }
    }
  });
});
