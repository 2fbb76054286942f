import { bare, command, type Group } from "../contender.js";
import type { World } from "../world.js";

/** Milliseconds that an answer to git may take on Node beside the bare runtime. */
const OVER_NODE = 3;
/** The host of `base_url` in the profile that `world.home` makes. */
const QUESTION = "protocol=https\nhost=llm.example.test\n\n";

/** `credential git get` with a token that is stored and valid: what git waits for with every fetch and push. */
export default async function credential(world: World): Promise<Group[]> {
  const { env } = await world.home();
  return world.runtimes.map((runtime) => {
    const floor = bare(runtime, env);
    const get = command(`${runtime.name}, get`, [runtime.path, world.program, "get"], { env });
    const argv = [runtime.path, world.program, "credential", "git", "get"];
    const git = command(`${runtime.name}, credential git get`, argv, { env, input: QUESTION });
    const aim = runtime.kind === "node" ? { at_most_over: OVER_NODE } : {};
    return {
      title: `An answer to git, ${runtime.name}`,
      contenders: [floor, get, git],
      ratios: [
        { of: git.name, to: [floor.name], ...aim },
        { of: git.name, to: [get.name] },
      ],
    };
  });
}
