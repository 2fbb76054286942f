import type { Environment } from "../../paths.js";
import { serviceProcess } from "./secret-service.js";
import { withBus } from "./secret-service-bus.js";

/** By the name of the process that answers. */
const PRODUCTS: readonly (readonly [process: RegExp, product: string])[] = [
  [/^gnome-keyring/, "GNOME Keyring"],
  [/^(?:kwalletd|ksecretd)/, "KWallet"],
  [/^keepassxc/i, "KeePassXC"],
];
/** Milliseconds. */
const DEADLINE = 2_000;

/** Which program answers as the Secret Service; undefined where that can't be told. */
export async function secretServiceProduct(env: Environment): Promise<string | undefined> {
  let name: string | undefined;
  await withBus(env, DEADLINE, async (bus) => {
    name = await serviceProcess(bus);
    return "ready";
  });
  return PRODUCTS.find(([process]) => name !== undefined && process.test(name))?.[1];
}
