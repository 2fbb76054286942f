import { readFileSync } from "node:fs";
import type { Environment } from "../../paths.js";
import type { Bus } from "../dbus/bus.js";
import {
  type Argument,
  dictionary,
  type MethodCall,
  objectPath,
  text,
  textVariant,
  toBus,
} from "../dbus/call.js";
import type { Message } from "../dbus/message.js";
import { type SecretServiceState, withBus } from "./secret-service-bus.js";

export const SERVICE = "org.freedesktop.secrets";
export const SERVICE_PATH = "/org/freedesktop/secrets";
export const SERVICE_INTERFACE = "org.freedesktop.Secret.Service";
export const COLLECTION_INTERFACE = "org.freedesktop.Secret.Collection";
export const ITEM_INTERFACE = "org.freedesktop.Secret.Item";
/** Searches until an item is there that does not vanish before it is used. */
export const ATTEMPTS = 4;

/** Milliseconds a search may take before it is asked who keeps this process waiting. */
const SEARCH_WAIT = 1_000;

export type Attributes = Readonly<Record<string, string>>;

export interface Reading {
  /** `ready` where `secret` is all there is to know: absent, the keyring holds none. */
  readonly state: SecretServiceState;
  readonly secret?: string;
}

export interface Found {
  /** `ready` where the unlocked items are all there is to know; none of them: the keyring holds none and is open. */
  readonly state: SecretServiceState;
  readonly unlocked: readonly string[];
  readonly locked: readonly string[];
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
  attributes: Attributes,
  deadline: number,
): Promise<Reading> {
  let secret: string | undefined;
  const state = await withBus(env, deadline, async (bus) => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { state, unlocked } = await search(bus, attributes);
      if (state !== "ready" || unlocked.length === 0) return state;
      const [session, item] = await Promise.all([openSession(bus), newest(bus, unlocked)]);
      if (session === undefined) return "failed";
      const body = [objectPath(session)];
      const reply = await bus.call(to(item, ITEM_INTERFACE, "GetSecret", body));
      if (isLocked(reply)) return "locked";
      const [value] = reply.body;
      if (Array.isArray(value) && Buffer.isBuffer(value[2])) {
        secret = value[2].toString("utf8");
        return "ready";
      }
      // It was deleted since, or the keyring was started anew.
    }
    return "failed";
  });
  return secret === undefined ? { state } : { state, secret };
}

/** A call of the Secret Service. */
export function to(path: string, of: string, member: string, body: readonly Argument[] = []): MethodCall {
  return { destination: SERVICE, path, interface: of, member, body };
}

/**
 * The items of these attributes. Always the first that is asked, alone, and answered before anything else:
 * gnome-keyring-daemon 42.1 (Debian 12) may come to the first call of a new connection before it has noted who calls, and dies
 * of an `OpenSession` or of a property asked for then (gkd_secret_service_get_pkcs11_session: assertion 'client' failed;
 * GLib-ERROR: g_variant_new, and invoke_get_property_in_idle_cb: assertion failed: (error != NULL)), which takes every
 * other program's keyring along. This call it then refuses as unknown, and answers the next time.
 */
export async function search(bus: Bus, attributes: Attributes): Promise<Found> {
  for (let attempt = 1; ; attempt += 1) {
    const searching = bus.call(to(SERVICE_PATH, SERVICE_INTERFACE, "SearchItems", [dictionary(attributes)]));
    const reply = await Promise.race([searching, dialogShown(bus, searching)]);
    if (reply === undefined) return { state: "locked", unlocked: [], locked: [] };
    const [unlocked, locked] = reply.body;
    if (isPaths(unlocked) && isPaths(locked)) {
      if (unlocked.length > 0) return { state: "ready", unlocked, locked };
      // A locked keyring may keep from a search what it holds.
      const state = await collectionState(bus);
      return { state: locked.length > 0 && state === "ready" ? "withheld" : state, unlocked, locked };
    }
    const state = stateOfError(reply) ?? (await collectionState(bus));
    if (state === "ready" && attempt === 1) continue;
    return { state: state === "ready" ? "failed" : state, unlocked: [], locked: [] };
  }
}

/**
 * Where KeePassXC answers a search only once a person has unlocked its database, or closed the dialog that it shows for that
 * (2.7; its setting "Prompt to unlock database before searching", which is on). The bus is asked who keeps silent.
 */
function dialogShown(bus: Bus, searching: Promise<unknown>): Promise<undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(async () => {
      if ((await serviceProcess(bus))?.startsWith("keepassxc")) resolve(undefined);
    }, SEARCH_WAIT).unref();
    searching.finally(() => clearTimeout(timer)).catch(() => {});
  });
}

/** The name of the process that answers, as far as Linux keeps it: 15 characters. */
export async function serviceProcess(bus: Bus): Promise<string | undefined> {
  try {
    const [pid] = (await bus.call(toBus("GetConnectionUnixProcessID", [text(SERVICE)]))).body;
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Opens a session, once `search` was answered on this connection. */
export async function openSession(bus: Bus): Promise<string | undefined> {
  const body = [text("plain"), textVariant("")];
  const opened = await bus.call(to(SERVICE_PATH, SERVICE_INTERFACE, "OpenSession", body));
  return typeof opened.body[1] === "string" ? opened.body[1] : undefined;
}

/**
 * Of several items with the same attributes, which imports of KeePassXC and KWallet leave, the one that was changed last;
 * of two of the same second the one with the higher number, as gnome-keyring counts.
 */
export async function newest(bus: Bus, items: readonly string[]): Promise<string> {
  if (items.length === 1) return items[0] as string;
  const dated = await Promise.all(
    items.map(async (path) => {
      const [modified] = (await bus.call(property(path, ITEM_INTERFACE, "Modified"))).body;
      return { path, modified: typeof modified === "number" ? modified : 0 };
    }),
  );
  dated.sort(
    (a, b) => b.modified - a.modified || b.path.length - a.path.length || (b.path > a.path ? 1 : -1),
  );
  return dated[0]?.path as string;
}

export function isLocked(reply: Message): boolean {
  return reply.error_name === "org.freedesktop.Secret.Error.IsLocked";
}

/** Asks whether the default keyring is there and unlocked. */
async function collectionState(bus: Bus): Promise<SecretServiceState> {
  const alias = await readAlias(bus);
  const collection = pathIn(alias);
  if (collection === undefined) return stateOfError(alias) ?? "no_collection";
  const reply = await bus.call(property(collection, COLLECTION_INTERFACE, "Locked"));
  return stateOfError(reply) ?? (reply.type === "return" && reply.body[0] === false ? "ready" : "locked");
}

/**
 * The default collection's own path: gnome-keyring-daemon 42.1 looks an alias in a path up beside the thread that renews it, and
 * may find freed memory there (g_dbus_message_set_path: assertion failed).
 */
export async function defaultCollection(bus: Bus): Promise<string | undefined> {
  return pathIn(await readAlias(bus));
}

function readAlias(bus: Bus): Promise<Message> {
  return bus.call(to(SERVICE_PATH, SERVICE_INTERFACE, "ReadAlias", [text("default")]));
}

/** Secret Service API, ReadAlias: "/" where no collection has the name. */
function pathIn({ type, body: [path] }: Message): string | undefined {
  return type === "return" && typeof path === "string" && path !== "/" ? path : undefined;
}

export function property(path: string, of: string, name: string): MethodCall {
  return to(path, "org.freedesktop.DBus.Properties", "Get", [text(of), text(name)]);
}

function isPaths(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((path) => typeof path === "string");
}

function stateOfError({ error_name: name = "" }: Message): SecretServiceState | undefined {
  if (!name.startsWith("org.freedesktop.DBus.Error.")) return undefined;
  const error = name.slice("org.freedesktop.DBus.Error.".length);
  if (["ServiceUnknown", "NameHasNoOwner"].includes(error) || error.startsWith("Spawn.")) return "no_service";
  if (["AccessDenied", "Disconnected"].includes(error)) return "broken";
  return ["NoReply", "Timeout", "TimedOut"].includes(error) ? "silent" : undefined;
}
