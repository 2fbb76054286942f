import type { Profile } from "./config/profile.js";
import type { Log } from "./log.js";
import type { Lock } from "./store/lock.js";
import type { TokenStore } from "./store/token-store.js";
import type { Grants } from "./token/grants.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Folders of this user, all absolute; env-paths with no suffix, except `runtime`. */
export interface Paths {
  readonly config: string;
  readonly data: string;
  readonly cache: string;
  readonly log: string;
  /** Locks: one folder per OS user whatever the environment says of the other folders. */
  readonly runtime: string;
  readonly home: string;
}

/** Every side effect the rest of the program is given. Tests swap parts of this and nothing else. */
export interface Context {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly cwd: string;
  readonly paths: Paths;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Seconds since the epoch, with a fraction. */
  now(): number;
  /** Resolves after `ms` milliseconds, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  readonly fetch: typeof globalThis.fetch;
  /** Starts the browser without a shell; rejects where none could be started. */
  openBrowser(url: string): Promise<void>;
  readonly log: Log;
  readonly lock: Lock;
  /** The store as configured; `notice` is called with a sentence where something is worth telling the user. */
  tokenStore(choice: Profile["store"], notice: (sentence: string) => void): TokenStore;
  /** The provider behind a profile. Loads openid-client, so ask for it only when a request must be made. */
  grants(profile: Profile, secrets: Secrets): Promise<Grants>;
  /** Aborts on SIGINT and SIGTERM. */
  readonly interrupted: AbortSignal;
}

/** The secrets a profile refers to, resolved when asked for and remembered for redaction. */
export interface Secrets {
  client_secret(): Promise<string | undefined>;
  key(): Promise<string | undefined>;
}
