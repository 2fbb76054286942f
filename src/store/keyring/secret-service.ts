import type { Environment } from "../../paths.js";
import { Bus, BusError } from "../dbus/bus.js";
import { dictionary, objectPath, objectPaths, text, textVariant } from "../dbus/call.js";
import type { Message } from "../dbus/message.js";
import { sessionBusSockets } from "../dbus/session-bus.js";

/**
 * What stands between this process and the default keyring. `unchecked`: only the native library can tell, for
 * instance because the bus has an address of another kind than a unix socket.
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

export interface Reading {
  /** `ready` where `secret` is all there is to know: absent, the keyring holds none. */
  readonly state: SecretServiceState;
  readonly secret?: string;
}

/**
 * Reads one secret from the Secret Service, within `deadline` milliseconds. This is the hot path, and here the native
 * library is slow and dangerous: over a bare start of Node it takes 20 ms, of which 12 are the key agreement of its
 * constructor, this takes 10; and that constructor connects on the main thread without a time limit, so that on a bus
 * which does not answer no timer fires any more and only a signal ends the process. The session is "plain" (Secret
 * Service API, "Transfer of Secrets"): the secret crosses the user's own bus socket as it is, as with the GitHub
 * CLI. Who may listen there may as well ask for the secret.
 */
export async function readSecret(
  env: Environment,
  attributes: Readonly<Record<string, string>>,
  deadline: number,
): Promise<Reading> {
  let secret: string | undefined;
  const state = await withBus(env, deadline, async (bus) => {
    const opening = bus.call({
      destination: SERVICE,
      path: SERVICE_PATH,
      interface: "org.freedesktop.Secret.Service",
      member: "OpenSession",
      body: [text("plain"), textVariant("")],
    });
    const searching = bus.call({
      destination: SERVICE,
      path: SERVICE_PATH,
      interface: "org.freedesktop.Secret.Service",
      member: "SearchItems",
      body: [dictionary(attributes)],
    });
    // A locked keyring may keep from a search what it holds.
    const checking = collectionState(bus);
    checking.catch(() => {}); // not waited for where the search has told all
    const [opened, found] = [await opening, await searching];
    const session = opened.body[1];
    const [unlocked, locked] = found.body;
    if (!Array.isArray(unlocked) || !Array.isArray(locked)) {
      const state = await checking;
      return state === "ready" ? "unchecked" : state;
    }
    if (unlocked.length === 0) return locked.length > 0 ? "locked" : checking;
    if (unlocked.length > 1 || typeof session !== "string") return "unchecked";
    const reply = await bus.call({
      destination: SERVICE,
      path: unlocked[0] as string,
      interface: "org.freedesktop.Secret.Item",
      member: "GetSecret",
      body: [objectPath(session)],
    });
    if (reply.error_name === "org.freedesktop.Secret.Error.IsLocked") return "locked";
    const [value] = reply.body;
    if (!Array.isArray(value) || !Buffer.isBuffer(value[2])) return "unchecked";
    secret = value[2].toString("utf8");
    return "ready";
  });
  return secret === undefined ? { state } : { state, secret };
}

/** Asks whether the default keyring is there and unlocked. Answers within `deadline` milliseconds. */
export function checkSecretService(env: Environment, deadline: number): Promise<SecretServiceState> {
  return withBus(env, deadline, collectionState);
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
      body: [objectPaths([collection])],
    });
    const [unlocked, prompt] = reply.body;
    if (reply.type === "error" || !Array.isArray(unlocked) || typeof prompt !== "string") return "locked";
    if (unlocked.includes(collection)) return "ready";
    const completed = bus.signal(prompt, "Completed");
    await bus.call({
      destination: "org.freedesktop.DBus",
      path: "/org/freedesktop/DBus",
      interface: "org.freedesktop.DBus",
      member: "AddMatch",
      body: [text(`type='signal',interface='org.freedesktop.Secret.Prompt',path='${prompt}'`)],
    });
    const shown = await bus.call({
      destination: SERVICE,
      path: prompt,
      interface: "org.freedesktop.Secret.Prompt",
      member: "Prompt",
      body: [text("")],
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
  const answer = ask(bus); // queues its first calls, which go out as one with the greeting
  bus.connect();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    bus.close();
  }, deadline);
  try {
    return await answer;
  } catch (error) {
    if (late) return "silent";
    if (error instanceof BusError) return error.reason === "unreachable" ? "no_bus" : "no_service";
    throw error;
  } finally {
    clearTimeout(timer);
    bus.close();
  }
}

async function collectionState(bus: Bus): Promise<SecretServiceState> {
  let reply = await locked(bus, DEFAULT_COLLECTION);
  if (reply.type === "error") {
    const state = stateOfError(reply.error_name ?? "");
    if (state !== undefined) return state;
    const collection = await defaultCollection(bus);
    if (collection === undefined) return "no_collection";
    reply = await locked(bus, collection);
  }
  return reply.type === "return" && reply.body[0] === false ? "ready" : "locked";
}

function locked(bus: Bus, collection: string): Promise<Message> {
  return bus.call({
    destination: SERVICE,
    path: collection,
    interface: "org.freedesktop.DBus.Properties",
    member: "Get",
    body: [text("org.freedesktop.Secret.Collection"), text("Locked")],
  });
}

/** Secret Service API, ReadAlias: "/" where no collection has the name. */
async function defaultCollection(bus: Bus): Promise<string | undefined> {
  const reply = await bus.call({
    destination: SERVICE,
    path: SERVICE_PATH,
    interface: "org.freedesktop.Secret.Service",
    member: "ReadAlias",
    body: [text("default")],
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
