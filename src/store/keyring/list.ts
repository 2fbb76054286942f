import { SERVICE } from "./native.js";
import { DEADLINE, type KeyringPlace } from "./read.js";
import { ITEM_INTERFACE, property, search } from "./secret-service.js";
import { withBus } from "./secret-service-bus.js";
import { keyringError } from "./trouble.js";

/**
 * Every account this program has in the Secret Service. Keychain and Credential Manager are not asked: the library's own
 * search is not to be relied on. Throws KeyringUnusable where it cannot be read.
 */
export async function listKeyringAccounts({ platform, env }: KeyringPlace): Promise<readonly string[]> {
  if (platform !== "linux") return [];
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
