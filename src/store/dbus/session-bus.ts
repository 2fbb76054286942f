import { lstatSync } from "node:fs";
import type { Environment } from "../../paths.js";

/** A socket the session bus may listen on: a path, or with a leading NUL an abstract name (unix(7)). */
export type BusSocket = string;

/**
 * Where the session bus is, in the order to try (D-Bus Specification, "Server Addresses"): the unix sockets of
 * DBUS_SESSION_BUS_ADDRESS or, where that is unset, the user bus in XDG_RUNTIME_DIR or its usual place. An empty
 * list means there is no bus; undefined means an address of another kind is listed, such as `tcp:`.
 */
export function sessionBusSockets(env: Environment): readonly BusSocket[] | undefined {
  const addresses = env.DBUS_SESSION_BUS_ADDRESS || "autolaunch:";
  const sockets: BusSocket[] = [];
  for (const address of addresses.split(";")) {
    if (address === "") continue;
    const colon = address.indexOf(":");
    const transport = address.slice(0, colon);
    const keys = parseKeys(address.slice(colon + 1));
    if (transport === "autolaunch" || (transport === "unix" && keys?.get("runtime") === "yes")) {
      const socket = userBus(env);
      if (socket !== undefined) sockets.push(socket);
    } else if (transport === "unix" && keys?.has("path")) sockets.push(keys.get("path") as string);
    else if (transport === "unix" && keys?.has("abstract")) sockets.push(`\0${keys.get("abstract")}`);
    else return undefined;
  }
  return sockets;
}

function parseKeys(text: string): Map<string, string> | undefined {
  const keys = new Map<string, string>();
  for (const pair of text.split(",")) {
    const equals = pair.indexOf("=");
    try {
      keys.set(pair.slice(0, equals), decodeURIComponent(pair.slice(equals + 1)));
    } catch {
      return undefined;
    }
  }
  return keys;
}

function userBus(env: Environment): BusSocket | undefined {
  // Where systemd has it. Some programs start others with an empty environment.
  const folder = env.XDG_RUNTIME_DIR || `/run/user/${process.getuid?.()}`;
  const path = `${folder}/bus`;
  try {
    const stats = lstatSync(path);
    return stats.isSocket() && stats.uid === process.getuid?.() ? path : undefined;
  } catch {
    return undefined;
  }
}
