import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type ConfigChoice, loadConfig } from "../../src/config/load.js";
import type { Context } from "../../src/context.js";
import { OidcTokenError } from "../../src/errors.js";
import type { Log } from "../../src/log.js";
import type { Profile } from "../../src/profile.js";
import { Redactor } from "../../src/redact.js";
import type { StoreName } from "../../src/store/store.js";
import type { TokenStore } from "../../src/store/token-store.js";
import type { Grants, RefreshOutcome } from "../../src/token/grants.js";
import { fromRecord, toRecord } from "../../src/token/record.js";
import type { TokenSet } from "../../src/token/token-set.js";

/** The profile that a command would work on. */
export function selectedProfile(context: Context, choice: ConfigChoice): Profile {
  return loadConfig(context, choice).profile(choice.profile);
}

/** A place for a command to run in without a process: a real configuration file, all else in memory. */
export class InMemory {
  readonly home = mkdtempSync(join(tmpdir(), "oidc-token-memory-"));
  readonly env: Record<string, string> = {};
  stdout = "";
  stderr = "";
  /** Seconds since the epoch. */
  time = 1_000_000;
  #slept = 0;
  /** What a person or a pipe gives the command. */
  input = "";
  terminal = false;
  readonly stored = new Map<string, string>();
  readonly locked = new Set<string>();
  readonly arrivals = new Set<{ readonly account: string }>();
  readonly interruption = new AbortController();
  /** What was asked of the provider, in order. */
  readonly asked: string[] = [];
  /** The provider; whatever a test does not give is refused. */
  grants: Partial<Grants> = {};

  /** Writes config.jsonc. */
  configure(config: object): void {
    mkdirSync(join(this.home, "config"), { recursive: true });
    writeFileSync(join(this.home, "config", "config.jsonc"), JSON.stringify(config), { mode: 0o600 });
  }

  /** The tokens in the store, of the one profile there is. */
  get tokens(): TokenSet | undefined {
    const [text] = this.stored.values();
    return text === undefined ? undefined : fromRecord(text);
  }

  /** Stores tokens for an account, as an earlier call would have. */
  keep(account: string, tokens: Partial<TokenSet> = {}): TokenSet {
    const whole = this.issued({ access_token: "stored-access", refresh_token: "stored-refresh", ...tokens });
    this.stored.set(account, toRecord(whole));
    return whole;
  }

  /** Tokens as a provider issues them now, for an hour. */
  issued(tokens: Partial<TokenSet> = {}): TokenSet {
    return {
      access_token: "issued-access",
      token_type: "Bearer",
      obtained_at: this.time,
      expires_at: this.time + 3600,
      ...tokens,
    };
  }

  /** A provider that answers every refresh with these tokens. */
  refreshesTo(tokens: () => TokenSet): void {
    this.grants = {
      refresh: async (): Promise<RefreshOutcome> => ({ outcome: "refreshed", tokens: tokens() }),
    };
  }

  context(argv: readonly string[] = []): Context {
    const { home, env, stored, locked, arrivals } = this;
    const redactor = new Redactor();
    const silent: Log = { level: "warn", error() {}, warn() {}, info() {}, debug() {} };
    const write = (stream: "stdout" | "stderr") => ({
      isTTY: this.terminal,
      write: (text: string) => {
        this[stream] += text;
        return true;
      },
    });
    return {
      argv,
      env,
      platform: "linux",
      cwd: home,
      paths: {
        home,
        config: join(home, "config"),
        data: join(home, "data"),
        cache: join(home, "cache"),
        log: join(home, "log"),
      },
      stdin: Object.assign(Readable.from([Buffer.from(this.input)]), {
        isTTY: this.terminal,
      }) as unknown as NodeJS.ReadStream,
      stdout: write("stdout") as unknown as NodeJS.WriteStream,
      stderr: write("stderr") as unknown as NodeJS.WriteStream,
      now: () => this.time,
      monotonic: () => this.#slept,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        this.time += ms / 1000;
        this.#slept += ms / 1000;
      },
      fetch: () => Promise.reject(new TypeError("there is no network here")),
      transport: async () => () => Promise.reject(new TypeError("there is no network here")),
      openBrowser: () => Promise.reject(new Error("there is no browser here")),
      log: silent,
      redactor,
      lock: {
        tryAcquire: async (name) => {
          if (locked.has(name)) return undefined;
          locked.add(name);
          return async () => void locked.delete(name);
        },
      },
      arrivals: {
        announce: (account) => {
          const arrival = { account };
          arrivals.add(arrival);
          return { isCalledOff: () => !arrivals.has(arrival), end: () => void arrivals.delete(arrival) };
        },
        accounts: () => [...arrivals].map(({ account }) => account),
        callOff: (account) => {
          for (const each of arrivals) if (each.account === account) arrivals.delete(each);
        },
      },
      tokenStore: () => memoryStore(stored),
      keyringProduct: async () => undefined,
      storedAccounts: async () => [...stored.keys()],
      tryKey: async () => 404,
      grants: async () => this.#grants(),
      discovery: () => Promise.reject(new Error("there is no discovery here")),
      interrupted: this.interruption.signal,
    };
  }

  #grants(): Grants {
    const ask =
      <A extends unknown[], R>(name: string, answer: ((...args: A) => Promise<R>) | undefined) =>
      (...args: A): Promise<R> => {
        this.asked.push(name);
        if (answer) return answer(...args);
        return Promise.reject(
          new OidcTokenError("temporary", "the provider cannot be reached", "try again later"),
        );
      };
    const { refresh, issue, signIn, revoke, verifyIdToken = async () => {} } = this.grants;
    return {
      refresh: ask("refresh", refresh),
      issue: ask("issue", issue),
      signIn: ask("signIn", signIn),
      revoke: ask("revoke", revoke),
      verifyIdToken: ask("verifyIdToken", verifyIdToken),
    };
  }

  dispose(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

function memoryStore(stored: Map<string, string>): TokenStore {
  const keep = async (account: string, text: string): Promise<StoreName> => {
    stored.set(account, text);
    return "file";
  };
  return {
    get: async (account) => {
      const text = stored.get(account);
      return text === undefined ? undefined : { text, store: "file" };
    },
    reserve: async () => async () => {},
    set: keep,
    place: keep,
    delete: async (account) => stored.delete(account),
  };
}
