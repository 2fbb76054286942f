import { spawnSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { version } from "../../package.json";
import { PROGRAM, Sandbox } from "../support/command.js";

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox({ LLM_API_KEY: "sk-12345678" });
  const base_url = "https://llm.example.test/v1";
  sandbox.configure({ profiles: { ci: { flow: "static_key", key: "{env:LLM_API_KEY}", base_url } } });
});
afterEach(() => sandbox.dispose());

const place = (...path: string[]): string => join(sandbox.home, ...path);

/** Asks twice: the first call reads the configuration, the next one takes the hot path. */
async function getTwice(env: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const _time of [1, 2]) {
    expect(await sandbox.run(["get"], { env })).toMatchObject({
      code: 0,
      stdout: "sk-12345678\n",
      stderr: "",
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it.skipIf(process.platform === "win32")("it is tested where there is no Node and no Bun", () => {
  const { stdout } = spawnSync("sh", ["-c", "command -v node; command -v bun"], {
    env: sandbox.env,
    encoding: "utf8",
  });
  expect(stdout).toBe("");
});

it("tells its version, which is the package's", async () => {
  expect(await sandbox.run(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
});

describe("runs no code but its own:", () => {
  const FOREIGN = 'require("fs").writeSync(2, "foreign code ran\\n")';

  it("what lies in the folder it is called in, or at home, says nothing to it", async () => {
    writeFileSync(place("foreign.cjs"), FOREIGN);
    const preload = `preload = ["${place("foreign.cjs").replaceAll("\\", "/")}"]\n`;
    for (const path of ["bunfig.toml", ".bunfig.toml", "config/.bunfig.toml"])
      writeFileSync(place(path), preload);
    writeFileSync(place(".env"), "OIDC_TOKEN_PROFILE=foreign\nLLM_API_KEY=sk-foreign00\n");
    writeFileSync(place(".env.local"), "OIDC_TOKEN_PROFILE=foreign\n");
    writeFileSync(place("tsconfig.json"), '{ "compilerOptions": { "paths": { "*": ["./foreign.cjs"] } } }');
    writeFileSync(place("package.json"), '{ "imports": { "#a": "./foreign.cjs" }, "main": "./foreign.cjs" }');
    await getTwice();
    const { code, stderr } = await sandbox.run(["status"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it.each([
    ["NODE_OPTIONS", (file: string) => `--require=${file}`],
    ["BUN_OPTIONS", (file: string) => `--preload=${file}`],
    ["BUN_OPTIONS", () => "--config=./bunfig.toml"],
    ["BUN_BE_BUN", () => "1"],
    ["BUN_PRELOAD", (file: string) => file],
    ["BUN_INSPECT_PRELOAD", (file: string) => file],
  ])("a variable that would make its runtime do so, %s, is none to it", async (name, value) => {
    writeFileSync(place("foreign.cjs"), FOREIGN);
    writeFileSync(place("bunfig.toml"), `preload = ["./foreign.cjs"]\n`);
    // As a Bun it would take the word for a script.
    writeFileSync(place("get"), FOREIGN);
    await getTwice({ [name]: value(place("foreign.cjs")) });
  });
});

describe("starts itself again by its own path,", () => {
  it("as a tool's configuration has it from setup", async () => {
    const { stdout } = await sandbox.run(["setup", "claude-code"]);
    const { apiKeyHelper } = JSON.parse(stdout) as { apiKeyHelper: string };
    expect(apiKeyHelper).toMatch(/^(\S+) get /);
    expect(basename(apiKeyHelper.split(" ")[0] ?? "")).toBe(basename(PROGRAM));
    const run = spawnSync(apiKeyHelper, { shell: true, env: sandbox.env, encoding: "utf8", timeout: 15_000 });
    expect(run).toMatchObject({ status: 0, stdout: "sk-12345678\n" });
  });

  it.skipIf(process.platform === "win32")("which doctor knows for the one on PATH", async () => {
    mkdirSync(place("bin"));
    symlinkSync(PROGRAM, place("bin", "oidc-token"));
    const env = { PATH: [place("bin"), sandbox.env.PATH].join(delimiter) };
    const { stdout } = await sandbox.run(["doctor", "--json"], { env, limit: 40_000 });
    const rows = JSON.parse(stdout) as { check: string; result: string; detail: string }[];
    expect(rows.find(({ check }) => check === "command")).toMatchObject({
      result: "pass",
      detail: expect.stringContaining(place("bin", "oidc-token")),
    });
  });
});

describe.skipIf(process.platform !== "linux")(
  "the keyring's native library, for a bus that is no unix socket,",
  () => {
    const get = async (env: Readonly<Record<string, string>> = {}): Promise<void> => {
      const profile = { issuer: "https://id.example.test", client_id: "cli", flow: "device_code" };
      sandbox.configure({ profiles: { dev: profile } });
      mkdirSync(place("tmp"), { recursive: true });
      const bus = { OIDC_TOKEN_STORE: "keyring", DBUS_SESSION_BUS_ADDRESS: "tcp:host=127.0.0.1,port=1" };
      const folders = { BUN_TMPDIR: place("tmp"), TMPDIR: place("tmp") };
      const { code, stderr } = await sandbox.run(["get"], { env: { ...bus, ...folders, ...env } });
      expect(code).toBe(6);
      // Not that the library does not work here, which is what it says where it could not be loaded.
      expect(stderr).toContain("oidc-token: the keyring failed\n");
      expect(readdirSync(place("tmp"))).toEqual([]);
    };
    const kept = () => readdirSync(place("cache/oidc-token")).filter((name) => name.startsWith("keyring"));

    it("is inside, and kept in the cache folder, nowhere else", async () => {
      await get();
      const [name = "", ...others] = kept();
      expect(others).toEqual([]);
      const path = place("cache/oidc-token", name);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const { ino } = statSync(path);
      await get();
      expect(statSync(path).ino).toBe(ino);
      expect(kept()).toEqual([name]);
    });

    it.each<[string, (path: string) => void]>([
      ["with another content", (path) => writeFileSync(path, Buffer.alloc(statSync(path).size))],
      ["that is a link", (path) => symlinkSync(moved(path), path)],
      ["that has a second name", (path) => linkSync(path, `${path}.other`)],
      ["that others can read", (path) => chmodSync(path, 0o644)],
    ])("is not run from a file %s", async (_, change) => {
      await get();
      const path = place("cache/oidc-token", kept()[0] ?? "");
      const bytes = readFileSync(path);
      change(path);
      const { ino } = lstatSync(path);
      await get();
      expect(lstatSync(path)).toMatchObject({ nlink: 1, mode: 0o100_600 });
      expect(lstatSync(path).ino).not.toBe(ino);
      expect(readFileSync(path).equals(bytes)).toBe(true);
    });

    it("is neither kept nor run where others can write, and then leaves nothing", async () => {
      mkdirSync(place("cache/oidc-token"), { recursive: true });
      chmodSync(place("cache/oidc-token"), 0o777);
      await get();
      expect(kept()).toEqual([]);
    });
  },
);

function moved(path: string): string {
  renameSync(path, `${path}.moved`);
  return `${path}.moved`;
}
