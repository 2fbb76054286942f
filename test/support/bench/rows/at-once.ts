import { TokenFile } from "../../token-file.js";
import { command, type Group } from "../contender.js";
import type { World } from "../world.js";

/** Processes that are started together. */
const CALLERS = [20, 100];

/** Many that ask at once: with a valid token, and when it has just expired, which takes one of them a refresh. */
export default async function atOnce(world: World): Promise<Group[]> {
  const [runtime] = world.runtimes;
  if (!runtime) return [];
  const provider = await world.provider();
  const cached = await world.home();
  const expiring = await world.home();
  const file = new TokenFile(expiring.sandbox);
  const get = [runtime.path, world.program, "get"];
  return CALLERS.map((at_once) => {
    let refreshes = 0;
    const refreshed = async (): Promise<number> => (await provider.counts())["granted refresh_token"] ?? 0;
    const valid = command(`${at_once} at once, valid`, get, { env: cached.env, at_once });
    const expired = command(`${at_once} at once, expired`, get, {
      ...{ env: expiring.env, at_once },
      before: async () => {
        file.expire();
        refreshes = await refreshed();
      },
    });
    return {
      title: `${at_once} callers at once, ${runtime.name}`,
      says: "An expiry takes one refresh, whatever their number: the bench ends where it takes another.",
      contenders: [
        valid,
        {
          name: expired.name,
          run: async () => {
            const took = await expired.run();
            const made = (await refreshed()) - refreshes;
            if (made !== 1) throw new Error(`${made} refreshes for one expiry`);
            return took;
          },
        },
      ],
      ratios: [{ of: expired.name, to: [valid.name], ...(at_once === 100 && { at_most: 1.3 }) }],
    };
  });
}
