import { setTimeout as delay } from "node:timers/promises";
import type { Profile } from "./config/profile.js";
import { fileLog, type Log, type LogLevel } from "./log.js";
import { lockDir, type Paths, userPaths } from "./paths.js";
import { Redactor } from "./redact.js";
import { type Lock, ProcessLock } from "./store/lock.js";
import { openStore, type StoreSurroundings } from "./store/open.js";
import type { TokenStore } from "./store/token-store.js";
import type { Grants } from "./token/grants.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a profile refers to, resolved when asked for, and anew each time. */
export interface Secrets {
  client_secret(): Promise<string | undefined>;
  key(): Promise<string | undefined>;
  private_key(): Promise<string | undefined>;
  client_cert(): Promise<string | undefined>;
  client_key(): Promise<string | undefined>;
  /** Not of `{github_actions}`, which takes a request of its own. */
  subject_token(): Promise<string | undefined>;
  assertion(): Promise<string | undefined>;
}

/** What a store is told beside its name. */
export type StoreRequest = Pick<StoreSurroundings, "interactive" | "notice">;

/** Every side effect the rest of the program is given. Tests swap parts of this and nothing else. */
export interface Context {
  /** The command line without the program's name. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly cwd: string;
  readonly paths: Paths;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Seconds since the epoch, with a fraction. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  readonly fetch: typeof globalThis.fetch;
  /** A fetch for this profile's requests: with its CA, its client certificate and the proxy that is to be used. */
  transport(profile: Profile, secrets: Secrets): Promise<typeof globalThis.fetch>;
  /** Starts the browser without a shell; rejects where none could be started. */
  openBrowser(url: string): Promise<void>;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly lock: Lock;
  tokenStore(choice: Profile["store"], request: StoreRequest): TokenStore;
  /** The provider behind a profile. Loads openid-client, so ask for it only when a request must be made. */
  grants(profile: Profile, secrets: Secrets): Promise<Grants>;
  /** Aborts on SIGINT and SIGTERM. */
  readonly interrupted: AbortSignal;
}

/** The context of the real process. */
export function createContext(argv: readonly string[], level: LogLevel, interrupted: AbortSignal): Context {
  const { env, platform, stdin, stdout, stderr } = process;
  const paths = userPaths();
  const redactor = new Redactor();
  const context: Context = {
    argv,
    env,
    platform,
    cwd: process.cwd(),
    paths,
    stdin,
    stdout,
    stderr,
    now: () => Date.now() / 1000,
    sleep: async (ms, signal) => void (await delay(ms, undefined, signal ? { signal } : {})),
    fetch: globalThis.fetch,
    transport: async (profile, secrets) => {
      const { openTransport } = await import("./oidc/transport.js");
      return await openTransport(profile, secrets, context, (secret) => redactor.add(secret));
    },
    openBrowser: async (url) => {
      const { default: open } = await import("open");
      await open(url);
    },
    log: fileLog(paths.log, level, (text) => redactor.apply(text)),
    redactor,
    lock: new ProcessLock(lockDir(env)),
    tokenStore: (choice, request) => openStore(choice, { dataDir: paths.data, env, ...request }),
    grants: async (profile, secrets) => {
      const { createGrants } = await import("./oidc/grants.js");
      return await createGrants(profile, secrets, context);
    },
    interrupted,
  };
  return context;
}
