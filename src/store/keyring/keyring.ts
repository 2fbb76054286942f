import { OidcTokenError } from "../../errors.js";
import type { Store } from "../store.js";
import { callNative, splitEntries } from "./native.js";
import { attributesOf, DEADLINE, type KeyringPlace, readKeyring } from "./read.js";
import { forgetSecret, keepSecret, type Place, unlockSecretService } from "./secret-service-write.js";
import { KeyringUnusable, keyringError } from "./trouble.js";

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
    return this.#unlocking(() => readKeyring(this.#options, account, deadline));
  }

  set(account: string, value: string): Promise<void> {
    return this.#unlocking(async () => {
      const { platform } = this.#options;
      if (platform === "linux") {
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
    return this.#unlocking(async () => {
      const { platform } = this.#options;
      if (platform === "linux") {
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

  /** Once more where it was locked and a person has unlocked it. */
  async #unlocking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { platform, env, interactive } = this.#options;
      const is_locked = error instanceof KeyringUnusable && error.trouble === "locked";
      if (!is_locked || !interactive || platform !== "linux") throw error;
      // "locked" as well where nobody has answered the prompt.
      if ((await unlockSecretService(env)) !== "ready") throw error;
      return await work();
    }
  }
}

function onlyOurs(error: unknown): void {
  if (!(error instanceof OidcTokenError)) throw error;
}
