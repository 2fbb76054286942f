import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CONFIG, SetupSandbox } from "../support/setup-sandbox.js";

let sandbox: SetupSandbox;
beforeEach(() => {
  sandbox = new SetupSandbox();
});
afterEach(() => sandbox.dispose());

async function setUp(tool: string, url?: string): Promise<void> {
  const words = url === undefined ? [] : ["--url", url];
  const { code, stderr } = await sandbox.run(["setup", tool, ...words, "--write", "--yes"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
}

async function undo(tool: string): Promise<void> {
  const { code, stderr } = await sandbox.run(["setup", tool, "--undo", "--yes"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
}

async function allowed(): Promise<readonly string[]> {
  const { stdout } = await sandbox.run(["profiles", "--json"]);
  return JSON.parse(stdout)[0].allowed_origins.map((origin: string) => origin.replace("https://", ""));
}

describe("a host that several tools were set up for", () => {
  it("stays until the last of them is undone", async () => {
    await setUp("git", "https://code.example");
    await setUp("docker", "https://code.example");
    await undo("git");
    expect(await allowed()).toEqual(["gateway.example", "code.example"]);
    await undo("docker");
    expect(readFileSync(sandbox.config, "utf8")).toBe(CONFIG);
  });

  it.each([[["git", "docker", "cargo"]], [["docker", "cargo", "git"]], [["cargo", "git", "docker"]]])(
    "goes with its own tools, whatever the order they are undone in: %j",
    async (order) => {
      await setUp("git", "https://one.example");
      await setUp("docker", "https://two.example");
      await setUp("cargo", "https://one.example/index/");
      const needed = { git: "one.example", docker: "two.example", cargo: "one.example" };
      const left = new Map(Object.entries(needed));
      for (const tool of order) {
        await undo(tool);
        left.delete(tool);
        expect(new Set(await allowed())).toEqual(new Set(["gateway.example", ...left.values()]));
      }
      expect(readFileSync(sandbox.config, "utf8")).toBe(CONFIG);
    },
  );

  it("stays where the person had listed it before", async () => {
    const listed = CONFIG.replace(
      "// ours",
      '\n      "allowed_origins": ["https://gateway.example", "https://one.example"], // listed by hand',
    );
    writeFileSync(sandbox.config, listed);
    await setUp("git", "https://one.example");
    await setUp("docker", "https://two.example");
    await undo("git");
    expect(new Set(await allowed())).toEqual(new Set(["gateway.example", "one.example", "two.example"]));
    await undo("docker");
    expect(readFileSync(sandbox.config, "utf8")).toBe(listed);
  });
});

it("pip and uv share a keyring, which the last one takes along", async () => {
  const shim = sandbox.at("data/oidc-token/setup/bin/keyring/keyring");
  await setUp("pip", "https://pypi.example/simple");
  await setUp("uv", "https://pypi.example/simple");
  await undo("pip");
  expect(existsSync(shim)).toBe(true);
  expect(await allowed()).toContain("pypi.example");
  await undo("uv");
  expect(existsSync(shim)).toBe(false);
  expect(readFileSync(sandbox.config, "utf8")).toBe(CONFIG);
});

it.each([
  [".npmrc", "; mine\nsave-exact=true\n", ["pnpm", "https://npm.example"], ["npm", "https://npm.example"]],
  [".codex/config.toml", '# mine\nmodel = "m" # m\n', ["codex"], ["codex-mcp", "https://mcp.example/mcp"]],
] as const)(
  "two tools in one file, %s: each takes its own back, and after both it is byte for byte as before",
  async (path, text, ...tools) => {
    const whole = sandbox.file(path, text);
    for (const order of [tools, [...tools].reverse()]) {
      for (const each of tools) await setUp(...(each as unknown as readonly [string, string?]));
      const [first, second] = order;
      await undo(first?.[0] ?? "");
      const between = readFileSync(whole, "utf8");
      await setUp(...(second as readonly [string, string?]));
      expect(readFileSync(whole, "utf8")).toBe(between);
      await undo(second?.[0] ?? "");
      expect(readFileSync(whole, "utf8")).toBe(text);
    }
  },
);
