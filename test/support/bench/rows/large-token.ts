import { TokenFile } from "../../token-file.js";
import { bare, command, type Group } from "../contender.js";
import type { World } from "../world.js";

/** Characters, as with many groups or roles. */
const LARGE = 5000;

/** `get` of a token of 5 kB. */
export default async function largeToken(world: World): Promise<Group[]> {
  const { sandbox, env } = await world.home();
  const file = new TokenFile(sandbox);
  const { access_token } = file.tokens;
  file.change({ access_token: access_token.padEnd(LARGE, "x") });
  return world.runtimes.map((runtime) => {
    const floor = bare(runtime, env);
    const get = command(`${runtime.name}, get, file, 5 kB`, [runtime.path, world.program, "get"], { env });
    const at_most_over = runtime.kind === "node" ? { at_most_over: 2.5 } : {};
    return {
      title: `A token of 5 kB, ${runtime.name}`,
      contenders: [floor, get],
      ratios: [{ of: get.name, to: [floor.name], ...at_most_over }],
    };
  });
}
