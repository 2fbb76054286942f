import type { Environment } from "../../paths.js";
import type { Bus } from "../dbus/bus.js";
import { type Argument, itemProperties, objectPaths, secret, text, toBus, truth } from "../dbus/call.js";
import type { Message } from "../dbus/message.js";
import { SERVICE } from "./native.js";
import {
  ATTEMPTS,
  type Attributes,
  COLLECTION_INTERFACE,
  defaultCollection,
  ITEM_INTERFACE,
  isLocked,
  newest,
  openSession,
  property,
  SERVICE_INTERFACE,
  SERVICE_PATH,
  search,
  to,
} from "./secret-service.js";
import { type Ask, type SecretServiceState, withBus } from "./secret-service-bus.js";

/** Milliseconds a person has for a prompt. */
const PROMPT_DEADLINE = 60_000;

/** KWallet 6 has its interface here as well. */
const KWALLET_PATH = "/modules/kwalletd5";

/** Where it is to be changed. */
export interface Place {
  readonly env: Environment;
  readonly attributes: Attributes;
  /** A person is there who can answer the keyring's prompt. */
  readonly interactive: boolean;
  /** Milliseconds. */
  readonly deadline: number;
}

/**
 * Keeps one secret in the place of every other of the same attributes. Not through the
 * native library, whose own connection opens a session first (`search` says what comes of that).
 */
export function keepSecret(
  { env, attributes, interactive, deadline }: Place,
  label: string,
  value: string,
): Promise<SecretServiceState> {
  return withBus(env, deadline, async (bus, allow) => {
    const change = { bus, allow: interactive ? allow : () => {} };
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { state, unlocked } = await search(bus, attributes);
      if (state !== "ready") return state;
      const session = await openSession(bus);
      if (session === undefined) return "failed";
      const body = [secret(session, value)];
      const item = unlocked.length === 0 ? undefined : await newest(bus, unlocked);
      const reply =
        item === undefined
          ? await create(bus, [itemProperties(label, attributes), ...body, truth(true)])
          : await bus.call(to(item, ITEM_INTERFACE, "SetSecret", body));
      if (reply && isLocked(reply)) return "locked";
      if (reply?.type !== "return") continue; // the item was deleted since, or the keyring was started anew
      if (item === undefined) return await prompted(change, reply.body[1], "failed");
      // Only now that the newest holds the new text: an older one is never what is left.
      for (const path of unlocked) if (path !== item) await remove(change, path);
      return "ready";
    }
    return "failed";
  });
}

/** Deletes every item of these attributes. */
export async function forgetSecret({
  env,
  attributes,
  interactive,
  deadline,
}: Place): Promise<{ readonly state: SecretServiceState; readonly forgotten: boolean }> {
  let forgotten = false;
  const state = await withBus(env, deadline, async (bus, allow) => {
    const change = { bus, allow: interactive ? allow : () => {} };
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { state, unlocked, locked } = await search(bus, attributes);
      if (state !== "ready" || unlocked.length === 0) return state;
      for (const path of unlocked) {
        const end = await remove(change, path);
        if (end === "ready") forgotten = true;
        else if (end !== "failed") return end;
      }
      if (locked.length > 0) return "locked";
      // Once more: a peer may have made one since, or somebody may have deleted it first.
    }
    return "failed";
  });
  return { state, forgotten };
}

/**
 * Asks the Secret Service to unlock the default keyring, or the items of these attributes where only they are locked, which
 * shows the person its prompt, and waits for the answer for `deadline` milliseconds. Ending the connection, as a deadline
 * does, takes the prompt away.
 */
export function unlockSecretService(
  env: Environment,
  attributes: Attributes,
  deadline = PROMPT_DEADLINE,
): Promise<SecretServiceState> {
  return withBus(env, deadline, async (bus) => {
    const { state, locked } = await search(bus, attributes);
    if (state === "withheld") return await unlock(bus, locked);
    if (state !== "locked") return state;
    const collection = await defaultCollection(bus);
    return collection === undefined ? "no_collection" : await unlock(bus, [collection]);
  });
}

/**
 * KWallet counts a wallet that is open already, as the sign-in to the desktop leaves it, as locked here until somebody
 * unlocks it (KWalletFreedesktopCollection::locked), and asks nobody then. Up to KDE Frameworks 6.16, whose Secret Service
 * is KWallet itself; any other does not know the question.
 */
export function enterOpenWallet(env: Environment, deadline: number): Promise<SecretServiceState> {
  return withBus(env, deadline, async (bus) => {
    const { state } = await search(bus, { service: SERVICE });
    if (state !== "locked") return state;
    const collection = await defaultCollection(bus);
    if (collection === undefined) return "no_collection";
    const [wallet] = (await bus.call(property(collection, COLLECTION_INTERFACE, "Label"))).body;
    if (typeof wallet !== "string") return "locked";
    const [open] = (await bus.call(to(KWALLET_PATH, "org.kde.KWallet", "isOpen", [text(wallet)]))).body;
    return open === true ? await unlock(bus, [collection]) : "locked";
  });
}

async function unlock(bus: Bus, paths: readonly string[]): Promise<SecretServiceState> {
  const reply = await bus.call(to(SERVICE_PATH, SERVICE_INTERFACE, "Unlock", [objectPaths(paths)]));
  const [unlocked, prompt] = reply.body;
  if (reply.type === "error" || !Array.isArray(unlocked) || typeof prompt !== "string") return "locked";
  return paths.every((path) => unlocked.includes(path))
    ? "ready"
    : await prompted({ bus, allow: () => {} }, prompt, "locked");
}

interface Change {
  readonly bus: Bus;
  readonly allow: Parameters<Ask>[1];
}

/** In the default collection. Undefined where there is none any more. */
async function create(bus: Bus, body: readonly Argument[]): Promise<Message | undefined> {
  const collection = await defaultCollection(bus);
  if (collection === undefined) return undefined;
  return await bus.call(to(collection, COLLECTION_INTERFACE, "CreateItem", body));
}

async function remove(change: Change, path: string): Promise<SecretServiceState> {
  const reply = await change.bus.call(to(path, ITEM_INTERFACE, "Delete"));
  if (isLocked(reply)) return "locked";
  return reply.type === "return" ? await prompted(change, reply.body[0], "failed") : "failed";
}

/**
 * Shows a prompt and waits for its end, where there is one: "/" stands for none. KeePassXC answers every change with a
 * prompt, also where it then asks nobody. `otherwise` is what a dismissed one means.
 */
async function prompted(
  { bus, allow }: Change,
  prompt: unknown,
  otherwise: SecretServiceState,
): Promise<SecretServiceState> {
  if (prompt === "/") return "ready";
  if (typeof prompt !== "string") return "failed";
  allow(PROMPT_DEADLINE);
  const completed = bus.signal(prompt, "Completed");
  const rule = `type='signal',interface='org.freedesktop.Secret.Prompt',path='${prompt}'`;
  await bus.call(toBus("AddMatch", [text(rule)]));
  const shown = await bus.call(to(prompt, "org.freedesktop.Secret.Prompt", "Prompt", [text("")]));
  if (shown.type === "error") return otherwise;
  const [dismissed] = (await completed).body;
  return dismissed === false ? "ready" : otherwise;
}
