import type { Environment } from "../context.js";
import { Bus, BusError } from "./bus.js";
import type { Message } from "./dbus-message.js";
import { sessionBusSockets } from "./session-bus.js";

/**
 * What stands between this process and the default keyring. `unchecked`: the bus has an address of a kind that
 * this check cannot speak.
 */
export type SecretServiceState =
  | "ready"
  | "locked"
  | "no_collection"
  | "no_service"
  | "no_bus"
  | "silent"
  | "unchecked";

const SERVICE = "org.freedesktop.secrets";
const SERVICE_PATH = "/org/freedesktop/secrets";
const DEFAULT_COLLECTION = `${SERVICE_PATH}/aliases/default`;

/**
 * Asks the session bus for the default keyring before native code is entered. The native library connects in its
 * constructor, on the main thread and without a time limit: on a bus that does not answer no timer fires any
 * more and only a signal ends the process. A watchdog in a worker would cost 45 ms, a spawned `sleep; kill` 9 ms,
 * this about 3 ms. Answers within `deadline` milliseconds.
 */
export function checkSecretService(env: Environment, deadline: number): Promise<SecretServiceState> {
  return withBus(env, deadline, async (bus) => {
    let reply = await locked(bus, DEFAULT_COLLECTION);
    if (reply.type === "error") {
      const state = stateOfError(reply.error_name ?? "");
      if (state !== undefined) return state;
      const collection = await defaultCollection(bus);
      if (collection === undefined) return "no_collection";
      reply = await locked(bus, collection);
    }
    return reply.type === "return" && reply.body[0] === false ? "ready" : "locked";
  });
}

/**
 * Asks the Secret Service to unlock the default keyring, which shows the person its prompt, and waits for the
 * answer for `deadline` milliseconds. Ending the connection, as a deadline does, takes the prompt away.
 */
export function unlockSecretService(env: Environment, deadline: number): Promise<SecretServiceState> {
  return withBus(env, deadline, async (bus) => {
    const collection = await defaultCollection(bus);
    if (collection === undefined) return "no_collection";
    const reply = await bus.call({
      destination: SERVICE,
      path: SERVICE_PATH,
      interface: "org.freedesktop.Secret.Service",
      member: "Unlock",
      body: [[collection]],
    });
    const [unlocked, prompt] = reply.body;
    if (reply.type === "error" || !Array.isArray(unlocked) || typeof prompt !== "string") return "locked";
    if (unlocked.includes(collection)) return "ready";
    const completed = bus.signal(prompt, "Completed");
    completed.catch(() => {}); // the calls below fail as well and are waited for first
    await bus.call({
      destination: "org.freedesktop.DBus",
      path: "/org/freedesktop/DBus",
      interface: "org.freedesktop.DBus",
      member: "AddMatch",
      body: [`type='signal',interface='org.freedesktop.Secret.Prompt',path='${prompt}'`],
    });
    const shown = await bus.call({
      destination: SERVICE,
      path: prompt,
      interface: "org.freedesktop.Secret.Prompt",
      member: "Prompt",
      body: [""],
    });
    if (shown.type === "error") return "locked";
    const [dismissed] = (await completed).body;
    return dismissed === false ? "ready" : "locked";
  });
}

async function withBus(
  env: Environment,
  deadline: number,
  ask: (bus: Bus) => Promise<SecretServiceState>,
): Promise<SecretServiceState> {
  const sockets = sessionBusSockets(env);
  if (sockets === undefined) return "unchecked";
  if (sockets.length === 0) return "no_bus";
  const bus = new Bus(sockets);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    bus.close();
  }, deadline);
  try {
    return await ask(bus);
  } catch (error) {
    if (late) return "silent";
    if (error instanceof BusError) return error.reason === "unreachable" ? "no_bus" : "no_service";
    throw error;
  } finally {
    clearTimeout(timer);
    bus.close();
  }
}

function locked(bus: Bus, collection: string): Promise<Message> {
  return bus.call({
    destination: SERVICE,
    path: collection,
    interface: "org.freedesktop.DBus.Properties",
    member: "Get",
    body: ["org.freedesktop.Secret.Collection", "Locked"],
  });
}

/** Secret Service API, ReadAlias: "/" where no collection has the name. */
async function defaultCollection(bus: Bus): Promise<string | undefined> {
  const reply = await bus.call({
    destination: SERVICE,
    path: SERVICE_PATH,
    interface: "org.freedesktop.Secret.Service",
    member: "ReadAlias",
    body: ["default"],
  });
  const path = reply.type === "return" ? reply.body[0] : undefined;
  return typeof path === "string" && path !== "/" ? path : undefined;
}

function stateOfError(name: string): SecretServiceState | undefined {
  if (!name.startsWith("org.freedesktop.DBus.Error.")) return undefined;
  const error = name.slice("org.freedesktop.DBus.Error.".length);
  if (["ServiceUnknown", "NameHasNoOwner", "AccessDenied", "Disconnected"].includes(error))
    return "no_service";
  if (error.startsWith("Spawn.")) return "no_service";
  return ["NoReply", "Timeout", "TimedOut"].includes(error) ? "silent" : undefined;
}
