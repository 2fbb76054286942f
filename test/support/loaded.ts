import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Outcome, RunOptions, Sandbox } from "./command.js";

/** What a command had loaded by the time it ended. */
export interface Loaded {
  readonly outcome: Outcome;
  /** The files of the program that were read and compiled, by name, and of packages, by their path below `node_modules`. */
  readonly files: readonly string[];
  /** The characters of these files. */
  readonly size: number;
  /** The parts of Node, without `node:`, that are loaded beside those of a start that does nothing. */
  readonly built_ins: readonly string[];
}

/** The file in which `loadedBy` writes a line for each file that its command has loaded so far. */
export function loadingIn(sandbox: Sandbox): string {
  return join(sandbox.home, "loading.txt");
}

/** Runs a command and looks at what it has loaded: that decides how fast it starts, and no busy machine changes it. */
export async function loadedBy(
  sandbox: Sandbox,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Loaded> {
  const probe = join(sandbox.home, "probe.cjs");
  const report = join(sandbox.home, "loaded.json");
  const progress = loadingIn(sandbox);
  rmSync(progress, { force: true });
  writeFileSync(
    probe,
    `const files = [];
     const { prototype } = require("node:module");
     const before = new Set(process.moduleLoadList);
     const compile = prototype._compile;
     prototype._compile = function (text, path, ...rest) {
       files.push([path, text.length]);
       require("node:fs").appendFileSync(${JSON.stringify(progress)}, path + "\\n");
       return compile.call(this, text, path, ...rest);
     };
     process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(report)}, JSON.stringify({
       files,
       built_ins: process.moduleLoadList.filter((part) => !before.has(part)),
     })));`,
  );
  const outcome = await sandbox.run(args, { ...options, runtime: [process.execPath, "--require", probe] });
  const { files, built_ins } = JSON.parse(readFileSync(report, "utf8")) as {
    files: [path: string, size: number][];
    built_ins: string[];
  };
  return {
    outcome,
    files: files.map(([path]) => path.split(/node_modules[\\/]/)[1] ?? basename(path)),
    size: files.reduce((sum, [, size]) => sum + size, 0),
    built_ins: built_ins.flatMap((part) => /^NativeModule (?!internal\/)(.*)$/.exec(part)?.[1] ?? []),
  };
}
