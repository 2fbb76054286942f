import { OidcTokenError } from "../../errors.js";
import type { Store } from "../store.js";
import { callNative, splitEntries } from "./native.js";
import { attributesOf, DEADLINE, type KeyringPlace, readKeyring } from "./read.js";
import type { SecretServiceState } from "./secret-service-bus.js";
import type { Place } from "./secret-service-write.js";
import { KeyringUnusable, keyringError } from "./trouble.js";

/** KeePassXC locks its database, and in one that is open what a program was not allowed yet. */
const MOST_UNLOCKED = 2;

export interface KeyringOptions extends KeyringPlace {
  /** A person is there who can answer the keyring's prompt. */
  readonly interactive: boolean;
  /**
   * Which accounts Keychain and Credential Manager hold, without a secret: the library's own search answers with every
   * secret it finds, for which Keychain may ask the person one by one, and is not to be relied on.
   */
  readonly names: Store;
}

/** Secret Service, Keychain or Credential Manager. Every call ends within its deadline (DESIGN §4). */
export class KeyringStore implements Store {
  readonly name = "keyring";
  readonly #options: KeyringOptions;

  constructor(options: KeyringOptions) {
    this.#options = options;
  }

  /** `deadline`: milliseconds the keyring has to answer at all. Throws KeyringUnusable where it cannot be read. */
  get(account: string, deadline: number = DEADLINE): Promise<string | undefined> {
    return this.#unlocking(account, () => readKeyring(this.#options, account, deadline));
  }

  set(account: string, value: string): Promise<void> {
    return this.#unlocking(account, async () => {
      const { platform } = this.#options;
      if (platform === "linux") {
        const { keepSecret } = await changing();
        const state = await keepSecret(this.#place(account, DEADLINE), `oidc-token: ${account}`, value);
        if (state === "ready") return;
        if (state !== "unchecked") throw keyringError(state);
      }
      // Before, so that nothing is kept that no list has.
      await this.#note(account);
      if (platform === "win32") return splitEntries().set(account, value);
      await callNative(account, (entry) => entry.setPassword(value));
    });
  }

  delete(account: string, deadline: number = DEADLINE): Promise<boolean> {
    return this.#unlocking(account, async () => {
      const { platform } = this.#options;
      if (platform === "linux") {
        const { forgetSecret } = await changing();
        const { state, forgotten } = await forgetSecret(this.#place(account, deadline));
        if (state === "ready") return forgotten;
        if (state !== "unchecked") throw keyringError(state);
      }
      const forgotten = await (platform === "win32"
        ? splitEntries().delete(account)
        : callNative(account, (entry) => entry.deleteCredential()));
      await this.#options.names.delete(account).catch(onlyOurs);
      return forgotten;
    });
  }

  /** A token is worth more than its place in a list. */
  async #note(account: string): Promise<void> {
    const { names } = this.#options;
    try {
      if ((await names.get(account)) === undefined) await names.set(account, "in the keyring\n");
    } catch (error) {
      onlyOurs(error);
    }
  }

  #place(account: string, deadline: number): Place {
    const { env, interactive } = this.#options;
    return { env, attributes: attributesOf(account), interactive, deadline };
  }

  /** Again where it was locked and could be unlocked: the keyring, then what it keeps of this account. */
  async #unlocking<T>(account: string, work: () => Promise<T>): Promise<T> {
    for (let unlocked = 0; ; unlocked += 1) {
      try {
        return await work();
      } catch (error) {
        const is_locked = error instanceof KeyringUnusable && error.trouble === "locked";
        if (!is_locked || unlocked === MOST_UNLOCKED || this.#options.platform !== "linux") throw error;
        // "locked" as well where nobody has answered the prompt.
        if ((await this.#unlock(account)) !== "ready") throw error;
      }
    }
  }

  async #unlock(account: string): Promise<SecretServiceState> {
    const { env, interactive } = this.#options;
    const { enterOpenWallet, unlockSecretService } = await changing();
    const state = await enterOpenWallet(env, DEADLINE);
    return state === "ready" || !interactive ? state : await unlockSecretService(env, attributesOf(account));
  }
}

/** Loaded when first needed: who only reads does without. */
const changing = () => import("./secret-service-write.js");

function onlyOurs(error: unknown): void {
  if (!(error instanceof OidcTokenError)) throw error;
}
