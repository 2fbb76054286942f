import type { Environment } from "../../paths.js";
import { SERVICE } from "./native.js";
import { DEADLINE } from "./read.js";
import { ITEM_INTERFACE, property, search } from "./secret-service.js";
import { withBus } from "./secret-service-bus.js";
import { keyringError } from "./trouble.js";

/** Every account this program has in the Secret Service. Throws KeyringUnusable where it cannot be read. */
export async function listKeyringAccounts(env: Environment): Promise<readonly string[]> {
  const accounts = new Set<string>();
  const state = await withBus(env, DEADLINE, async (bus) => {
    const { state, unlocked } = await search(bus, { service: SERVICE });
    for (const path of unlocked) {
      const [attributes] = (await bus.call(property(path, ITEM_INTERFACE, "Attributes"))).body;
      for (const entry of Array.isArray(attributes) ? attributes : []) {
        const [name, value] = Array.isArray(entry) ? entry : [];
        if (name === "username" && typeof value === "string") accounts.add(value);
      }
    }
    return state;
  });
  if (state !== "ready" && state !== "unchecked") throw keyringError(state);
  return [...accounts];
}
