import type { Log } from "./log.js";
import type { Environment, Paths } from "./paths.js";
import type { Profile, ReferenceKey } from "./profile.js";
import type { Redactor } from "./redact.js";
import type { Output } from "./stdout.js";
import type { Arrivals } from "./store/arrivals.js";
import type { Lock } from "./store/lock.js";
import type { StoreSurroundings } from "./store/open.js";
import type { TokenStore } from "./store/token-store.js";
import type { Discovery } from "./token/discovery.js";
import type { Grants } from "./token/grants.js";

/** What a profile refers to, resolved when asked for, and anew each time; but for `{github_actions}`, which takes a request. */
export type Secrets = Readonly<Record<ReferenceKey, () => Promise<string | undefined>>>;

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
  readonly stdout: Output;
  readonly stderr: NodeJS.WriteStream;
  /** Seconds since the epoch, with a fraction. */
  now(): number;
  /** Seconds since some moment, with a fraction: for every wait, since nobody can set this clock back. */
  monotonic(): number;
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
  readonly arrivals: Arrivals;
  tokenStore(choice: Profile["store"], request: StoreRequest): TokenStore;
  /** Every account that is kept anywhere, as far as the stores can tell; `notice` is told why one could not. */
  storedAccounts(notice: (sentence: string) => void): Promise<readonly string[]>;
  /** The status a gateway answers with to a key that is not kept yet, asked with this profile's network settings. */
  tryKey(profile: Profile, secrets: Secrets, base_url: string, key: string): Promise<number>;
  /** Which program keeps the keyring here, as far as that can be told. */
  keyringProduct(): Promise<string | undefined>;
  /** The provider behind a profile. Loads openid-client, so ask for it only when a request must be made. */
  grants(profile: Profile, secrets: Secrets): Promise<Grants>;
  /** What an address says of itself, asked with this profile's network settings. */
  discovery(profile: Profile, secrets: Secrets): Promise<Discovery>;
  /** Aborts on SIGINT and SIGTERM. */
  readonly interrupted: AbortSignal;
}
