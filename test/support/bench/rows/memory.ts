import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable } from "../../../../standalone.mjs";
import type { Runtime } from "../../runtimes.js";
import type { Contender, Group } from "../contender.js";
import type { World } from "../world.js";

/** Megabytes at the peak, as the process itself tells when it exits. */
export default async function memory(world: World): Promise<Group[]> {
  const { env } = await world.home();
  const probe = join(world.folder(), "peak.cjs");
  writeFileSync(
    probe,
    'process.on("exit",()=>require("fs").writeSync(2,"peak "+process.resourceUsage().maxRSS))',
  );
  const peak = (runtime: Runtime, name: string, args: readonly string[]): Contender => ({
    name: `${runtime.name}, ${name}`,
    run: async () => {
      const all = [runtime.preload, probe, ...args];
      const { stderr } = spawnSync(runtime.path, all, { env, cwd: env.HOME, encoding: "utf8" });
      return Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024;
    },
  });
  const groups = world.runtimes.map((runtime): Group => {
    const bare = peak(runtime, "bare", ["-e", "0"]);
    const get = peak(runtime, "get, file", [world.program, "get"]);
    return {
      title: `Memory at the peak, ${runtime.name}`,
      unit: "MB",
      contenders: [bare, get],
      ratios: [{ of: get.name, to: [bare.name], at_most: 1.25 }],
    };
  });
  return [...groups, ofExecutable(world, env)];
}

/** As GNU time tells: the executable runs no code but its own. A peak is at least that of who starts a program, and it is small. */
function ofExecutable({ runtimes }: World, env: Readonly<Record<string, string>>): Group {
  const title = "Memory at the peak, the executable";
  const bun = runtimes.find(({ kind }) => kind === "bun");
  const time = "/usr/bin/time";
  const left_out = [
    ...(existsSync(executable()) ? [] : ["the executable is not made: npm run standalone"]),
    ...(bun ? [] : ["Bun could not be installed"]),
    ...(spawnSync(time, ["-f", "%M", "true"]).status === 0 ? [] : ["there is no GNU time"]),
  ];
  if (!bun || left_out.length > 0) return { title, contenders: [], ratios: [], left_out };
  const peak = (name: string, argv: readonly string[]): Contender => ({
    name,
    run: async () => {
      const options = { env, cwd: env.HOME, encoding: "utf8" } as const;
      const { stderr } = spawnSync(time, ["-f", "peak %M", ...argv], options);
      return Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024;
    },
  });
  const bare = peak("Bun, bare", [bun.path, "-e", "0"]);
  const get = peak("executable, get, file", [executable(), "get"]);
  return { title, unit: "MB", contenders: [bare, get], ratios: [{ of: get.name, to: [bare.name] }] };
}
