import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runChild } from "../../../src/commands/exec/child.js";
import { Command } from "../../../src/opencode/command/command.js";
import { programPath } from "../../../src/programs/program-path.js";
import { sourceFiles } from "../../support/source-imports.js";

let folder: string;
let cwd: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oidc-token-programs-"));
  for (const place of ["repository", "tools"]) {
    mkdirSync(join(folder, place));
    for (const name of ["helper.exe", "other.com"]) {
      const path = join(folder, place, name);
      // Run here as what it is, since no Windows is at hand: what counts is which of them is started.
      writeFileSync(path, `#!/bin/sh\necho from-${place}\necho from-${place} >"$OUT"\n`);
      chmodSync(path, 0o755);
    }
  }
  cwd = process.cwd();
  process.chdir(join(folder, "repository"));
});
afterAll(() => {
  process.chdir(cwd);
  rmSync(folder, { recursive: true, force: true });
});

const tools = () => join(folder, "tools");
const on = (platform: NodeJS.Platform, PATH: string) => ({ platform, env: { PATH } });

describe("on Windows a bare program name", () => {
  it("is looked for on PATH, in folders that are named in full, and never in the current folder", () => {
    const PATH = ["", ".", "relative", tools()].join(";");
    expect(programPath("helper", on("win32", PATH))).toBe(join(tools(), "helper.exe"));
    expect(programPath("HELPER.EXE".toLowerCase(), on("win32", PATH))).toBe(join(tools(), "helper.exe"));
    expect(programPath("other", on("win32", PATH))).toBe(join(tools(), "other.com"));
    expect(programPath("helper", { platform: "win32", env: { Path: PATH } })).toBe(
      join(tools(), "helper.exe"),
    );
  });

  it("that is on no PATH is nowhere, though the current folder has it", () => {
    for (const PATH of ["", ".", join(folder, "none")]) {
      const path = programPath("helper", on("win32", PATH));
      expect(path).not.toBe("helper");
      expect(path).toMatch(/[\\/]helper\.exe$/);
      expect(path).not.toContain("repository");
    }
  });

  it.each(["./helper.exe", ".\\helper.exe", "C:\\tools\\helper.exe", "C:helper.exe"])(
    "with a folder stays as it is: %s",
    (program) => expect(programPath(program, on("win32", tools()))).toBe(program),
  );

  it("is the system's to find elsewhere", () => {
    for (const platform of ["linux", "darwin"] as const) {
      expect(programPath("helper", on(platform, tools()))).toBe("helper");
    }
  });
});

describe.skipIf(process.platform === "win32")("on Windows what is started by a bare name", () => {
  const env = (out: string) => ({
    PATH: [tools(), "/usr/bin", "/bin"].join(delimiter),
    OUT: join(folder, out),
  });

  it("by exec is the one on PATH", async () => {
    const { stdin, stdout, stderr } = process;
    const started = { ...env("exec"), PATH: tools() };
    expect(await runChild({ stdin, stdout, stderr, platform: "win32" }, ["helper"], started)).toBe(0);
    expect(readFileSync(started.OUT, "utf8")).toBe("from-tools\n");
    const lost = { ...started, PATH: "." };
    await expect(
      runChild({ stdin, stdout, stderr, platform: "win32" }, ["helper"], lost),
    ).rejects.toMatchObject({ kind: "usage", message: '"helper" is not there' });
  });

  it("by the plugin is the one on PATH", async () => {
    const before = { PATH: process.env.PATH, OUT: process.env.OUT };
    Object.assign(process.env, { PATH: tools(), OUT: "/dev/null" });
    try {
      expect(await new Command(["helper"], undefined, "win32").run(["status"], { seconds: 10 })).toBe(
        "from-tools\n",
      );
      process.env.PATH = ".";
      await expect(
        new Command(["helper"], undefined, "win32").run(["status"], { seconds: 10 }),
      ).rejects.toThrow("oidc-token cannot be started");
    } finally {
      Object.assign(process.env, before);
      if (before.OUT === undefined) delete process.env.OUT;
    }
  });
});

it("every file that starts a program asks where it lies", () => {
  const starters = sourceFiles().filter(({ imports }) =>
    imports.some(({ to }) => to === "node:child_process"),
  );
  expect(starters.map(({ path }) => path).sort()).toEqual([
    "commands/exec/child.ts",
    "opencode/command/command.ts",
    "session/token-command.ts",
  ]);
  for (const { imports } of starters)
    expect(imports.map(({ to }) => to)).toContain("programs/program-path.ts");
});
