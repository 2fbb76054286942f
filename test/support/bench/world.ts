import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BIN, Sandbox } from "../command.js";
import { type ProviderProcess, startProviderProcess } from "../provider-process.js";
import { installRuntimes, type Runtime } from "../runtimes.js";
import { missingSecretServiceParts, type SecretService, startSecretService } from "../secret-service.js";
import { browserProfile, signIn } from "../signed-in.js";

/** Seconds; longer than any bench takes, so that nothing expires that is not meant to. */
const LIFETIME = 36_000;
/** Milliseconds after which what a bench has started ends by itself. */
const LONGEST = 7_200_000;

/** A home that is signed in, and the environment in which a command finds it. */
export interface Home {
  readonly sandbox: Sandbox;
  readonly env: Readonly<Record<string, string>>;
}

/** What all rows of a bench share; each part is made when it is first asked for. */
export class World {
  readonly runtimes: readonly Runtime[];
  readonly #ends: (() => unknown)[] = [];
  #provider: Promise<ProviderProcess> | undefined;
  #service: Promise<SecretService | undefined> | undefined;

  constructor() {
    this.runtimes = installRuntimes();
  }

  /** The program under test, to be started with a runtime. */
  get program(): string {
    return BIN;
  }

  /** Is done when the bench is over, last first. */
  later(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** An empty folder that goes with the bench. */
  folder(): string {
    const path = mkdtempSync(join(tmpdir(), "oidc-token-bench-"));
    this.later(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  provider(): Promise<ProviderProcess> {
    this.#provider ??= startProviderProcess({ access_token_ttl: LIFETIME }).then((provider) => {
      this.later(() => provider.stop());
      return provider;
    });
    return this.#provider;
  }

  /** A Secret Service of its own; undefined where its parts are not installed. */
  secretService(): Promise<SecretService | undefined> {
    if (missingSecretServiceParts().length > 0) return Promise.resolve(undefined);
    this.#service ??= startSecretService("present", LONGEST).then((service) => {
      this.later(() => service.stop());
      return service;
    });
    return this.#service;
  }

  /** A home of its own with these profiles, or one, signed in; the first `get` has been made. */
  async home({ keyring = false, more = {} }: { keyring?: boolean; more?: object } = {}): Promise<Home> {
    const provider = await this.provider();
    const service = keyring ? await this.secretService() : undefined;
    const { DBUS_SESSION_BUS_ADDRESS = "", XDG_RUNTIME_DIR = "" } = service?.env ?? {};
    const sandbox = new Sandbox(
      service ? { OIDC_TOKEN_STORE: "keyring", DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } : {},
    );
    this.later(() => sandbox.dispose());
    const profiles = { bench: browserProfile(provider), ...more };
    sandbox.configure({ default_profile: "bench", profiles });
    const outcome = await signIn(sandbox);
    if (outcome.code !== 0) throw new Error(`sign-in ended with ${outcome.code}: ${outcome.stderr}`);
    // A configuration that was written a moment ago is not noted for the next call.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const first = await sandbox.run(["get"]);
    if (first.code !== 0) throw new Error(`get ended with ${first.code}: ${first.stderr}`);
    return { sandbox, env: sandbox.env };
  }

  async end(): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
  }
}
