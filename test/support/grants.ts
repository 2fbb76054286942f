import { setTimeout as delay } from "node:timers/promises";
import type { Secrets } from "../../src/context.js";
import type { LogFields } from "../../src/log.js";
import { createGrants, type GrantsContext } from "../../src/oidc/grants.js";
import type { Profile } from "../../src/profile.js";
import { Redactor } from "../../src/redact.js";
import type { BrowserRequest, DeviceAuthorization, Grants, SignInRequest } from "../../src/token/grants.js";
import { API } from "./provider.js";

/** A profile with every default, as configuration would give it. */
export function testProfile(overrides: Partial<Profile>): Profile {
  return {
    name: "test",
    account: "test-account",
    store: "file",
    flow: ["authorization_code"],
    client_id: "public-cli",
    scope: `openid offline_access ${API.scope}`,
    resource: [],
    authorization_params: {},
    token_params: {},
    endpoints: {},
    id_token: "verify",
    refresh_before: 300,
    header: "authorization",
    header_scheme: "Bearer",
    allowed_origins: [],
    provider: "test",
    models: {},
    timeout: 5,
    is_default: true,
    ...overrides,
  } as Profile;
}

export interface Bench {
  readonly grants: Grants;
  readonly profile: Profile;
  /** Each line of the log at level debug, as JSON. */
  readonly log: string[];
}

export interface BenchOptions {
  readonly client_secret?: string;
  readonly secrets?: Partial<Secrets>;
  readonly context?: Partial<GrantsContext>;
}

/** Grants for a profile with a real fetch and clock, no browser, and a log that is kept. */
export async function benchFor(overrides: Partial<Profile>, options: BenchOptions = {}): Promise<Bench> {
  const profile = testProfile(overrides);
  const log: string[] = [];
  const note = (level: string) => (message: string, fields?: LogFields) => {
    log.push(JSON.stringify({ level, message, ...fields }));
  };
  const secrets: Secrets = {
    client_secret: async () => options.client_secret,
    key: async () => undefined,
    private_key: async () => undefined,
    client_cert: async () => undefined,
    client_key: async () => undefined,
    subject_token: async () => undefined,
    assertion: async () => undefined,
    ...options.secrets,
  };
  const context: GrantsContext = {
    env: {},
    fetch: globalThis.fetch,
    now: () => Date.now() / 1000,
    monotonic: () => performance.now() / 1000,
    sleep: async (ms, signal) => {
      await delay(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
    },
    openBrowser: async () => {
      throw new Error("there is no browser here");
    },
    redactor: new Redactor(),
    // Where nothing can be kept.
    paths: {
      home: "/dev/null",
      config: "/dev/null",
      data: "/dev/null",
      cache: "/dev/null",
      log: "/dev/null",
    },
    log: {
      level: "debug",
      error: note("error"),
      warn: note("warn"),
      info: note("info"),
      debug: note("debug"),
    },
    ...options.context,
  };
  return { grants: await createGrants(profile, secrets, context), profile, log };
}

/** What a sign-in showed. */
export interface Shown {
  readonly browser: BrowserRequest[];
  readonly device: DeviceAuthorization[];
  readonly notices: string[];
}

export interface SignInOptions {
  readonly flow?: "authorization_code" | "device_code";
  readonly open_browser?: boolean;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly onBrowser?: (request: BrowserRequest) => void;
  readonly onDevice?: (request: DeviceAuthorization) => void;
}

/** A sign-in request whose display remembers what it was given. */
export function signInRequest(options: SignInOptions = {}): { request: SignInRequest; shown: Shown } {
  const shown: Shown = { browser: [], device: [], notices: [] };
  const request: SignInRequest = {
    flow: options.flow ?? "authorization_code",
    open_browser: options.open_browser ?? false,
    timeout: options.timeout ?? 15,
    signal: options.signal ?? new AbortController().signal,
    display: {
      browser(request) {
        shown.browser.push(request);
        options.onBrowser?.(request);
      },
      device(request) {
        shown.device.push(request);
        options.onDevice?.(request);
      },
      notice: (sentence) => shown.notices.push(sentence),
      close: () => undefined,
    },
  };
  return { request, shown };
}
