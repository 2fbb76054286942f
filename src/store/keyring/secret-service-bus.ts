import type { Environment } from "../../paths.js";
import { Bus, BusError } from "../dbus/bus.js";
import { sessionBusSockets } from "../dbus/session-bus.js";

/**
 * What stands between this process and the default keyring. `unchecked`: only the native library can tell, because the
 * bus has an address of another kind than a unix socket. `no_service`: the bus knows of none. `broken`: the bus or
 * the service does not let this process in, or hung up. `withheld`: it is open, and yet keeps the item locked. `failed`:
 * it answers what the API does not foresee.
 */
export type SecretServiceState =
  | "ready"
  | "locked"
  | "withheld"
  | "no_collection"
  | "no_service"
  | "no_bus"
  | "silent"
  | "broken"
  | "failed"
  | "unchecked";

/** Milliseconds. */
const TICK = 100;
/** Milliseconds for a bus that has kept this process waiting in vain already. */
const LAST_CHANCE = 300;

/** One connection a process, though its hot path is a bundle of its own with its own copy of this module. */
const CONNECTION = Symbol.for("oidc-token.session-bus");
const shared = globalThis as { [CONNECTION]?: { bus: Bus; address: string; was_silent: boolean } };

/** Asks over the bus. What it asks may take so many milliseconds from now on, where a person is to do something. */
export type Ask = (bus: Bus, allow: (milliseconds: number) => void) => Promise<SecretServiceState>;

/** Asks over this process's connection to the session bus, and ends within `deadline` milliseconds. */
export async function withBus(env: Environment, deadline: number, ask: Ask): Promise<SecretServiceState> {
  const sockets = sessionBusSockets(env);
  if (sockets === undefined) return "unchecked";
  if (sockets.length === 0) return "no_bus";
  const address = sockets.join(";");
  const known = shared[CONNECTION]?.address === address ? shared[CONNECTION] : undefined;
  const is_new = known?.bus.usable !== true;
  const bus = is_new ? new Bus(sockets) : known.bus;
  const connection = { bus, address, was_silent: known?.was_silent ?? false };
  shared[CONNECTION] = connection;
  let late = false;
  let stop = (): void => {};
  const allow = (milliseconds: number): void => {
    stop();
    stop = afterMilliseconds(milliseconds, () => {
      late = true;
      bus.close();
    });
  };
  allow(connection.was_silent ? Math.min(deadline, LAST_CHANCE) : deadline);
  const answer = ask(bus, allow); // queues its first calls, which go out as one with the greeting
  if (is_new) bus.connect();
  try {
    const state = await answer;
    connection.was_silent = false;
    return state;
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    connection.was_silent = late;
    if (late) return "silent";
    // The bus was started anew since it was last asked.
    if (!is_new) return withBus(env, deadline, ask);
    return error.reason === "unreachable" ? "no_bus" : "broken";
  } finally {
    stop();
  }
}

/**
 * As setTimeout, but counts the time in which this process could run: after a pause (Ctrl-Z, a laptop's lid) a timer is
 * due before what has arrived meanwhile is read, and a late answer may be the only one that keeps a session.
 */
function afterMilliseconds(wait: number, then: () => void): () => void {
  let left = wait;
  const tick = (): NodeJS.Timeout => {
    const time = Math.min(TICK, left);
    left -= time;
    return setTimeout(() => {
      if (left > 0) timer = tick();
      else then();
    }, time);
  };
  let timer = tick();
  return () => clearTimeout(timer);
}
