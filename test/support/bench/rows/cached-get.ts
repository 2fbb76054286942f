import { spawnSync } from "node:child_process";
import { missingSecretServiceParts } from "../../secret-service.js";
import { browserProfile } from "../../signed-in.js";
import { bare, command, type Group, type Ratio } from "../contender.js";
import type { World } from "../world.js";

/** Milliseconds that a cached get may take on Node beside the bare runtime. */
const OVER_NODE = 2.5;

/** `get` with a token that is stored and valid: what an agent pays with every request. */
export default async function cachedGet(world: World): Promise<Group[]> {
  const provider = await world.provider();
  const many = Object.fromEntries(
    Array.from({ length: 99 }, (_, at) => [`other-${at}`, browserProfile(provider)]),
  );
  const one = await world.home();
  const hundred = await world.home({ more: many });
  const service = await world.secretService();
  const keyring = service && (await world.home({ keyring: true }));
  if (keyring) {
    spawnSync("secret-tool", ["store", "--label=bench", "service", "bench", "username", "bench"], {
      env: keyring.env,
      input: "x".repeat(1000),
    });
  }
  const lookup = keyring && {
    ...command(
      "secret-tool lookup",
      ["secret-tool", "lookup", "service", "bench", "username", "bench"],
      keyring,
    ),
  };
  const left_out = missingSecretServiceParts().map((part) => `the Secret Service, ${part} is not installed`);
  return world.runtimes.map((runtime) => {
    const floor = bare(runtime, one.env);
    const get = (name: string, { env }: { env: Readonly<Record<string, string>> }) =>
      command(`${runtime.name}, get, ${name}`, [runtime.path, world.program, "get"], { env });
    const [file, of_hundred] = [get("file", one), get("file, of 100 profiles", hundred)];
    const of_keyring = keyring && get("Secret Service", keyring);
    const is_node = runtime.kind === "node";
    const ratios: Ratio[] = [file, of_hundred].map(({ name }) => ({
      of: name,
      to: [floor.name],
      ...(is_node && { at_most_over: OVER_NODE }),
    }));
    if (of_keyring && lookup) {
      ratios.push({
        of: of_keyring.name,
        to: is_node ? [floor.name, lookup.name] : [lookup.name],
        at_most: is_node ? 1 : 2.2,
      });
    }
    return {
      title: `A stored token, ${runtime.name}`,
      contenders: [floor, file, of_hundred, ...(of_keyring && lookup ? [lookup, of_keyring] : [])],
      ratios,
      left_out,
    };
  });
}
