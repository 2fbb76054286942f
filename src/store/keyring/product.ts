import { readFileSync } from "node:fs";
import type { Environment } from "../../paths.js";
import { text, toBus } from "../dbus/call.js";
import { SERVICE } from "./secret-service.js";
import { withBus } from "./secret-service-bus.js";

/** By the name of the process that answers, as far as Linux keeps it: 15 characters. */
const PRODUCTS: readonly (readonly [process: RegExp, product: string])[] = [
  [/^gnome-keyring/, "GNOME Keyring"],
  [/^(?:kwalletd|ksecretd)/, "KWallet"],
  [/^keepassxc/i, "KeePassXC"],
];
/** Milliseconds. */
const DEADLINE = 2_000;

/** Which program answers as the Secret Service; undefined where that can't be told. */
export async function secretServiceProduct(env: Environment): Promise<string | undefined> {
  let pid: unknown;
  await withBus(env, DEADLINE, async (bus) => {
    const reply = await bus.call(toBus("GetConnectionUnixProcessID", [text(SERVICE)]));
    pid = reply.body[0];
    return "ready";
  });
  if (typeof pid !== "number") return undefined;
  try {
    const name = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
    return PRODUCTS.find(([process]) => process.test(name))?.[1];
  } catch {
    return undefined;
  }
}
