import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
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
  return world.runtimes.map((runtime) => {
    const bare = peak(runtime, "bare", ["-e", "0"]);
    const get = peak(runtime, "get, file", [world.program, "get"]);
    return {
      title: `Memory at the peak, ${runtime.name}`,
      unit: "MB",
      contenders: [bare, get],
      ratios: [{ of: get.name, to: [bare.name], at_most: 1.25 }],
    };
  });
}
