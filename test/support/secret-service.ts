import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** What a private Secret Service can be like. */
export type KeyringCase =
  | "present"
  | "locked"
  | "no default collection"
  | "no service"
  | "no bus"
  | "a bus that never answers"
  | "a stopped bus"
  | "a stopped keyring";

export interface SecretService {
  /** HOME, XDG_* and DBUS_SESSION_BUS_ADDRESS: all that a process needs to live with this keyring, besides PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Secrets of an account as `secret-tool` prints them, or undefined where there are none. */
  lookup(attributes: Readonly<Record<string, string>>): string | undefined;
  /** The process that is the session bus, where there is one. */
  readonly busPid: number | undefined;
  /** The process that is the keyring, where there is one. */
  readonly keyringPid: number | undefined;
  stop(): Promise<void>;
}

/** The system packages that a private Secret Service needs and this machine lacks. */
export function missingSecretServiceParts(
  programs: Readonly<Record<string, string>> = {
    "dbus-daemon": "dbus",
    "gnome-keyring-daemon": "gnome-keyring",
    "secret-tool": "libsecret-tools",
  },
): string[] {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return Object.entries(programs).flatMap(([program, name]) =>
    folders.some((folder) => existsSync(join(folder, program))) ? [] : [name],
  );
}

/** Starts one, with nothing in it; its processes end with `stop` and at the latest after `lifetime` milliseconds. */
export async function startSecretService(
  kind: KeyringCase = "present",
  lifetime = 120_000,
): Promise<SecretService> {
  const { home, run, env } = makeSession();
  const stops: (() => Promise<void>)[] = [];
  const service: SecretService & Pids = {
    env,
    lookup: (attributes) => {
      try {
        const args = ["lookup", ...Object.entries(attributes).flat()];
        return execFileSync("secret-tool", args, { env, encoding: "utf8", timeout: 10_000 });
      } catch (error) {
        if ((error as { status?: unknown }).status === 1) return undefined;
        throw error;
      }
    },
    busPid: undefined,
    keyringPid: undefined,
    stop: async () => {
      for (const stop of stops.reverse()) await stop();
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
  try {
    return Object.assign(service, await start({ kind, env, run, stops, lifetime }));
  } catch (error) {
    await service.stop();
    throw error;
  }
}

/** A home with the folders of a desktop session, empty. */
export function makeSession(): { home: string; run: string; env: Record<string, string> } {
  const home = mkdtempSync(join(tmpdir(), "oidc-token-keyring-"));
  const run = join(home, "run");
  mkdirSync(run, { mode: 0o700 });
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: home,
    XDG_RUNTIME_DIR: run,
    XDG_DATA_HOME: join(home, "data"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_STATE_HOME: join(home, "state"),
    XDG_CACHE_HOME: join(home, "cache"),
  };
  return { home, run, env };
}

interface Pids {
  busPid: number | undefined;
  keyringPid: number | undefined;
}

interface Start {
  readonly kind: KeyringCase;
  readonly env: Record<string, string>;
  readonly run: string;
  readonly stops: (() => Promise<void>)[];
  readonly lifetime: number;
}

async function start({ kind, env, run, stops, lifetime }: Start): Promise<Partial<Pids>> {
  if (kind === "no bus") return {};
  const socket = join(run, "bus");
  env.DBUS_SESSION_BUS_ADDRESS = `unix:path=${socket}`;
  if (kind === "a bus that never answers") {
    const server = createServer((connection) => connection.on("error", () => {}).resume());
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    stops.push(async () => void server.close());
    return {};
  }

  const bus = await startBus(socket, run, env, lifetime);
  stops.push(() => end(bus));
  if (kind === "no service") return { busPid: bus.pid };
  // Not through the bus's own activation, so that the daemon's end can be waited for.
  let keyring = await startKeyring(env, kind === "no default collection" ? undefined : "password", lifetime);
  if (kind === "locked") {
    execFileSync("secret-tool", ["store", "--label", "x", "service", "other", "username", "x"], {
      env,
      input: "kept",
      timeout: 10_000,
    });
    await end(keyring);
    keyring = await startKeyring(env, "wrong password", lifetime);
  }
  const running = keyring;
  stops.push(() => end(running));
  if (kind === "a stopped bus") bus.kill("SIGSTOP");
  if (kind === "a stopped keyring") keyring.kill("SIGSTOP");
  return { busPid: bus.pid, keyringPid: running.pid };
}

/** A bus that starts no services by itself. */
export async function startBus(
  socket: string,
  run: string,
  env: Record<string, string>,
  lifetime: number,
): Promise<ChildProcess> {
  const configuration = join(run, "bus.conf");
  writeFileSync(
    configuration,
    `<busconfig><type>session</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth>
     <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
     <allow own="*"/></policy></busconfig>`,
  );
  const bus = spawn("dbus-daemon", ["--nofork", `--config-file=${configuration}`], {
    env,
    stdio: "ignore",
    timeout: lifetime,
    killSignal: "SIGKILL",
  });
  await until(() => existsSync(socket), "dbus-daemon");
  return bus;
}

/** A password unlocks the login keyring, which is made if there is none; without one there is no collection. */
async function startKeyring(
  env: Record<string, string>,
  password: string | undefined,
  lifetime: number,
): Promise<ChildProcess> {
  const mode = password === undefined ? "--start" : "--unlock";
  const keyring = spawn("gnome-keyring-daemon", ["--foreground", mode, "--components=secrets"], {
    env,
    stdio: ["pipe", "ignore", "ignore"],
    timeout: lifetime,
    killSignal: "SIGKILL",
  });
  keyring.stdin?.end(password ?? "");
  await until(() => hasOwner("org.freedesktop.secrets", env), "gnome-keyring-daemon");
  return keyring;
}

export function hasOwner(name: string, env: Record<string, string>): boolean {
  const args = ["--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
  const call = ["org.freedesktop.DBus.NameHasOwner", `string:${name}`];
  // Its socket is there a moment before the bus listens.
  return (
    spawnSync("dbus-send", [...args, ...call], { env, encoding: "utf8", timeout: 10_000 }).stdout?.includes(
      "true",
    ) === true
  );
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = Date.now() + 15_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error(`${what} did not start within 15 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** SIGKILL also ends what is stopped; its end is waited for, so that nothing outlives a test. */
export function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
