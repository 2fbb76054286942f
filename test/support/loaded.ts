import { readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Outcome, RunOptions, Sandbox } from "./command.js";

/** What a command had loaded by the time it ended. */
export interface Loaded {
  readonly outcome: Outcome;
  /** The files of the program, by name, and of packages, by their path below `node_modules`. */
  readonly files: readonly string[];
  /** The bytes of these files. */
  readonly bytes: number;
  /** The parts of Node, without `node:`, that are loaded beside those of a start that does nothing. */
  readonly built_ins: readonly string[];
}

/** Runs a command and looks at what it has loaded: that decides how fast it starts, and no busy machine changes it. */
export async function loadedBy(
  sandbox: Sandbox,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Loaded> {
  const probe = join(sandbox.home, "probe.cjs");
  const report = join(sandbox.home, "loaded.json");
  writeFileSync(
    probe,
    `const before = new Set(process.moduleLoadList);
     process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(report)}, JSON.stringify({
       files: Object.keys(require.cache),
       built_ins: process.moduleLoadList.filter((part) => !before.has(part)),
     })));`,
  );
  const outcome = await sandbox.run(args, { ...options, runtime: [process.execPath, "--require", probe] });
  const { files, built_ins } = JSON.parse(readFileSync(report, "utf8")) as {
    files: string[];
    built_ins: string[];
  };
  const own = files.filter((path) => path !== probe);
  return {
    outcome,
    files: own.map((path) => path.split(/node_modules[\\/]/)[1] ?? basename(path)),
    bytes: own.reduce((sum, path) => sum + statSync(path).size, 0),
    built_ins: built_ins.flatMap((part) => /^NativeModule (?!internal\/)(.*)$/.exec(part)?.[1] ?? []),
  };
}
