import { createHash } from "node:crypto";
import { OidcTokenError } from "../../../src/errors.js";
import type { RefreshOutcome } from "../../../src/token/grants.js";
import { obtainTokens, type TokenPorts, type TokenRequest } from "../../../src/token/service.js";
import type { TokenSet } from "../../../src/token/token-set.js";

/** The second at which every simulation begins. */
export const START = 1_000_000;

/** Time that passes only when everybody waits for it. Seconds since the epoch. */
export class VirtualClock {
  elapsed = 0;
  #set_at = START;
  #timers: { readonly at: number; readonly wake: () => void }[] = [];

  get time(): number {
    return this.#set_at + this.elapsed;
  }

  /** Sets the clock, which no wait feels. */
  set time(seconds: number) {
    this.#set_at = seconds - this.elapsed;
  }

  readonly now = (): number => this.time;

  readonly monotonic = (): number => this.elapsed;

  readonly sleep = (ms: number): Promise<void> =>
    new Promise((wake) => this.#timers.push({ at: this.elapsed + ms / 1000, wake }));

  /** Lets time pass until the work is done; fails where nobody is left to wake. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (done) return await work;
      const next = this.#timers.reduce((a, b) => (b.at < a.at ? b : a), { at: Infinity, wake: end });
      if (next.at === Infinity) throw new Error("everybody waits and nothing will happen any more");
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.elapsed = Math.max(this.elapsed, next.at);
      next.wake();
    }
  }
}

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** An authorization server with rotation and reuse detection: a refresh token used twice ends the session. */
export class SimulatedProvider {
  /** Seconds. */
  lifetime = 3600;
  /** Milliseconds to and fro. */
  latency = 200;
  rotates = true;
  requests = 0;
  session: "alive" | "ended" = "alive";
  /** Thrown or answered, one a request, before the provider looks at the request itself. */
  readonly faults: (OidcTokenError | undefined)[] = [];
  readonly #clock: VirtualClock;
  readonly #issued = new Map<string, number>();
  #serial = 0;
  #refresh_token = "";

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** What a sign-in brings. */
  signIn(): TokenSet {
    this.session = "alive";
    return this.#issue();
  }

  async refresh(refresh_token: string): Promise<RefreshOutcome> {
    this.requests += 1;
    await this.#clock.sleep(this.latency / 2);
    const fault = this.faults.shift();
    if (fault) throw fault;
    if (this.session === "alive" && refresh_token !== this.#refresh_token) this.session = "ended";
    if (this.session === "ended") return { outcome: "session_ended", reason: "invalid_grant" };
    const issued = this.#issue();
    await this.#clock.sleep(this.latency / 2);
    return { outcome: "refreshed", tokens: { ...issued, obtained_at: this.#clock.now() } };
  }

  /** Whether a server that trusts this provider takes the token now. */
  accepts(access_token: string): boolean {
    return (this.#issued.get(access_token) ?? 0) > this.#clock.now();
  }

  #issue(): TokenSet {
    this.#serial += 1;
    const access_token = `access-${this.#serial}`;
    const obtained_at = this.#clock.now();
    const expires_at = obtained_at + this.lifetime;
    this.#issued.set(access_token, expires_at);
    const same = !this.rotates && this.#refresh_token !== "";
    if (!same) this.#refresh_token = `refresh-${this.#serial}`;
    const issued = { access_token, token_type: "Bearer", obtained_at, expires_at };
    return same ? issued : { ...issued, refresh_token: this.#refresh_token };
  }
}

/** A machine: one store, one lock, one provider, and as many callers as a test starts. */
export class Machine {
  readonly clock = new VirtualClock();
  readonly provider = new SimulatedProvider(this.clock);
  stored: TokenSet | undefined;
  /** How many callers hold the lock; anything but 0 and 1 is a broken lock. */
  holders = 0;
  /** What was done, in order, by name. */
  readonly deeds: string[] = [];
  readonly warnings: string[] = [];

  /** Everything a caller is given; a test replaces what it is about. */
  ports(replaced: Partial<TokenPorts> = {}): TokenPorts {
    const { clock, provider, deeds } = this;
    return {
      now: clock.now,
      monotonic: clock.monotonic,
      sleep: clock.sleep,
      read: async () => {
        deeds.push("read");
        return this.stored;
      },
      write: async (tokens) => {
        deeds.push("write");
        this.stored = tokens;
      },
      tryLock: async () => {
        deeds.push("lock");
        return this.takeLock();
      },
      reserve: async () => async () => {},
      sessionLost: (refused) => new OidcTokenError("store", `lost: ${refused.message}`, refused.hint),
      refresh: async (refresh_token) => {
        deeds.push("refresh");
        return await provider.refresh(refresh_token);
      },
      signInNeeded: (reason) => new OidcTokenError("sign_in_needed", reason ?? "not signed in", "run login"),
      warn: (sentence) => void this.warnings.push(sentence),
      ...replaced,
    };
  }

  takeLock(): (() => Promise<void>) | undefined {
    if (this.holders > 0) return undefined;
    this.holders += 1;
    return async () => {
      this.deeds.push("release");
      this.holders -= 1;
    };
  }

  /** One `get`. */
  async get(request: Partial<TokenRequest> = {}, ports: Partial<TokenPorts> = {}): Promise<TokenSet> {
    return await this.clock.run(this.start(request, ports));
  }

  /** One `get` that runs beside others; `clock.run` lets them. */
  async start(request: Partial<TokenRequest> = {}, ports: Partial<TokenPorts> = {}): Promise<TokenSet> {
    return await obtainTokens({ ...ORDINARY, ...request }, this.ports(ports));
  }

  /** Signs in, then lets so many seconds pass. */
  signedIn(age = 0): TokenSet {
    const tokens = this.provider.signIn();
    this.stored = tokens;
    this.clock.time += age;
    return tokens;
  }
}

const ORDINARY: TokenRequest = {
  min_validity: undefined,
  refresh_before: 300,
  force_refresh: false,
  rejected_sha256: undefined,
  lock_timeout: 65,
};

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export const unreachable = (): OidcTokenError =>
  new OidcTokenError("temporary", "the provider cannot be reached", "try again later");
