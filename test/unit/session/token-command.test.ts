import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outputOf } from "../../../src/session/token-command.js";

describe("on Windows the program that prints a token", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "oidc-token-windows-"));
    for (const place of ["repository", "tools"]) {
      mkdirSync(join(folder, place));
      // Run here as what it is, since no Windows is at hand: what counts is which of them is started.
      writeFileSync(join(folder, place, "helper.exe"), `#!/bin/sh\necho from-${place}\n`);
      chmodSync(join(folder, place, "helper.exe"), 0o755);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (program: string, path: readonly string[]) => {
    const context = {
      env: { PATH: path.join(";") },
      platform: "win32",
      interrupted: new AbortController().signal,
    } as const;
    const cwd = process.cwd();
    process.chdir(join(folder, "repository"));
    try {
      return await outputOf("subject_token", [program], 5, context);
    } finally {
      process.chdir(cwd);
    }
  };

  it("is looked for on PATH, and never in the current folder", async () => {
    const tools = join(folder, "tools");
    expect(await run("helper", [tools])).toBe("from-tools");
    expect(await run("helper.exe", ["relative", ".", tools])).toBe("from-tools");
    await expect(run("helper", [".", "", join(folder, "none")])).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringContaining("is not there"),
    });
  });

  it("is taken as it is where its folder is named", async () => {
    expect(await run(join(folder, "repository", "helper.exe"), [])).toBe("from-repository");
  });
});
