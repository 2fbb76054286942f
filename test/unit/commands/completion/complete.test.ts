import { describe, expect, it } from "vitest";
import type { CommandRow, OptionRow } from "../../../../src/command-row.js";
import { completions } from "../../../../src/commands/completion/complete.js";
import { SCRIPTS } from "../../../../src/commands/completion/scripts.js";
import { COMMANDS, GLOBAL_OPTIONS } from "../../../../src/program.js";

const PROFILES = ["oci", "okta", "work"];

function words(line: string, commands: readonly CommandRow[] = COMMANDS): readonly string[] | string {
  const found = completions(line.split(" "), commands, GLOBAL_OPTIONS, () => PROFILES);
  return typeof found === "string" ? `:${found}` : found.map(([word]) => word);
}

describe("what may come next", () => {
  it.each([
    ["of the commands at the beginning", "sta", ["status"]],
    ["of the commands below a command", "config s", ["show", "schema"]],
    ["the profiles after --profile", "get --profile ", PROFILES],
    ["the profiles that begin so after -p", "get -p o", ["oci", "okta"]],
    ["the profiles before any command", "-p w", ["work"]],
    ["the values of an option", "get --format j", ["json"]],
    ["the values of an option with =", "get --format=j", ["--format=json"]],
    ["the values of an option with =, as bash parts it", "get --format = j", ["json"]],
    [
      "all values where = was just written, as bash parts it",
      "get --interactive =",
      ["auto", "always", "never"],
    ],
    ["the values of an argument", "completion f", ["fish"]],
    ["the options that begin so", "get --force", ["--force-refresh"]],
    ["the global options too", "status --log", ["--log-level"]],
    ["the files for an option that takes one", "get --config ", ":file"],
    ["the files of another program's command line", "get -- x", ":file"],
    ["nothing after an option whose value can be anything", "get --min-validity ", []],
    ["nothing for an option that is not there", "get --nonsense=", []],
  ])("is %s", (_, line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  it("takes the profiles from the configuration file that the line names", () => {
    const asked: (string | undefined)[] = [];
    completions(["--config", "x.jsonc", "get", "-p", ""], COMMANDS, GLOBAL_OPTIONS, (config) => {
      asked.push(config);
      return [];
    });
    expect(asked).toEqual(["x.jsonc"]);
  });

  it("never is a command that only programs call", () => {
    expect(words("comp")).toEqual(["completion"]);
  });

  it("is every command and every option of the tree, and one that is added to it at once", () => {
    const check = (rows: readonly CommandRow[], above: string): void => {
      for (const row of rows.filter((each) => !each.is_internal)) {
        expect(words(`${above}${row.name}`), `${above}${row.name}`).toContain(row.name);
        for (const { flags } of row.options ?? []) {
          expect(words(`${above}${row.name} --`)).toContain(/--[\w-]+/.exec(flags)?.[0]);
        }
        check(row.commands ?? [], `${above}${row.name} `);
      }
    };
    check(COMMANDS, "");
    const planted: OptionRow = { flags: "--planted <x>", says: "planted", values: ["one"] };
    const more = [...COMMANDS, { name: "plant", says: "planted", options: [planted] }];
    expect(words("plant --planted ", more)).toEqual(["one"]);
  });
});

describe("the scripts in completions/", () => {
  it.each([
    ["bash", "oidc-token.bash"],
    ["zsh", "_oidc-token"],
    ["fish", "oidc-token.fish"],
    ["powershell", "oidc-token.ps1"],
  ] as const)("are what `completion` prints, for %s", async (shell, file) => {
    await expect(SCRIPTS[shell]).toMatchFileSnapshot(`../../../../completions/${file}`);
  });
});
