import { bare, command, type Group } from "../contender.js";
import type { World } from "../world.js";

/** Commands that a person waits for, and what each may take beside the bare runtime. */
const COMMANDS: readonly (readonly [words: readonly string[], at_most?: number])[] = [
  [["--version"], 1.6],
  [["status"], 2],
  [["profiles"]],
  [["whoami"]],
  [["--help"]],
  [["get", "--help"]],
];

/** How fast commands start, `get` apart. */
export default async function commands(world: World): Promise<Group[]> {
  const { env } = await world.home();
  return world.runtimes.map((runtime) => {
    const floor = bare(runtime, env);
    const ours = COMMANDS.map(([words, at_most]) => ({
      at_most: runtime.kind === "node" ? at_most : undefined,
      contender: command(`${runtime.name}, ${words.join(" ")}`, [runtime.path, world.program, ...words], {
        env,
      }),
    }));
    return {
      title: `Commands, ${runtime.name}`,
      contenders: [floor, ...ours.map(({ contender }) => contender)],
      ratios: ours.map(({ contender: { name }, at_most }) => ({
        ...{ of: name, to: [floor.name] },
        ...(at_most !== undefined && { at_most }),
      })),
    };
  });
}
