import type { Environment } from "../context.js";
import { OidcTokenError } from "../errors.js";
import { loadNative, type NativeEntry, type NativeKeyring } from "./load-native.js";
import { withDeadline } from "./native-call.js";
import { checkSecretService, type SecretServiceState, unlockSecretService } from "./secret-service.js";
import { type Entries, SplitEntries } from "./split.js";
import type { Store } from "./store.js";

const SERVICE = "oidc-token";
/** Milliseconds the bus and the Secret Service have to answer, and what a native call has after that. */
const CHECK_DEADLINE = 5_000;
const CALL_DEADLINE = 10_000;
/** Milliseconds a person has for a prompt. */
const PROMPT_DEADLINE = 60_000;

/** Whether the keyring can be used; where not, `absent` tells that it cannot hold anything either. */
export type KeyringState =
  | { readonly usable: true }
  | { readonly usable: false; readonly absent: boolean; readonly error: OidcTokenError };

export interface KeyringOptions {
  readonly platform: NodeJS.Platform;
  /** The environment of this process: the native library reads the real one. */
  readonly env: Environment;
  /** A person is there who can answer the keyring's prompt. */
  readonly interactive: boolean;
}

/** Secret Service, Keychain or Credential Manager. Every call ends within its deadline (DESIGN §4). */
export class KeyringStore implements Store {
  readonly name = "keyring";
  readonly #options: KeyringOptions;
  #native: NativeKeyring | undefined;
  #checked: Promise<SecretServiceState> | undefined;

  constructor(options: KeyringOptions) {
    this.#options = options;
  }

  async get(account: string): Promise<string | undefined> {
    const native = await this.#open();
    if (this.#options.platform === "win32") return this.#split(native).get(account);
    const text = await this.#call(native, account, (entry) => entry.getPassword());
    return text ?? undefined;
  }

  async set(account: string, value: string): Promise<void> {
    const native = await this.#open();
    if (this.#options.platform === "win32") return this.#split(native).set(account, value);
    await this.#call(native, account, (entry) => entry.setPassword(value));
  }

  async delete(account: string): Promise<boolean> {
    const native = await this.#open();
    if (this.#options.platform === "win32") return this.#split(native).delete(account);
    return this.#call(native, account, (entry) => entry.deleteCredential());
  }

  /**
   * Whether a keyring answers, within `deadline` milliseconds and without a prompt. Asked at most once in the
   * life of this object.
   */
  async state(deadline: number = CHECK_DEADLINE): Promise<KeyringState> {
    try {
      this.#native ??= loadNative();
    } catch (cause) {
      const error = new OidcTokenError(
        "store",
        `the keyring library does not work on ${process.platform}-${process.arch}`,
        'install oidc-token with its optional dependencies, or keep tokens in a file: "store": "file"',
        { cause },
      );
      return { usable: false, absent: true, error };
    }
    if (this.#options.platform !== "linux") return { usable: true };
    this.#checked ??= checkSecretService(this.#options.env, deadline);
    const state = await this.#checked;
    if (state === "ready" || state === "unchecked") return { usable: true };
    return { usable: false, absent: state !== "locked" && state !== "silent", error: stateError(state) };
  }

  /** The native library, once the keyring is known to answer. A locked one is unlocked where a person is there. */
  async #open(): Promise<NativeKeyring> {
    let state = await this.state();
    if (!state.usable && (await this.#checked) === "locked" && this.#options.interactive) {
      this.#checked = unlockSecretService(this.#options.env, PROMPT_DEADLINE);
      state = await this.state();
    }
    if (!state.usable) throw state.error;
    return this.#native as NativeKeyring;
  }

  async #call<T>(
    native: NativeKeyring,
    account: string,
    call: (entry: NativeEntry) => Promise<T>,
  ): Promise<T> {
    // Keychain asks by itself, for instance when another program made the item; elsewhere no prompt is due here.
    const deadline = this.#options.platform === "darwin" ? PROMPT_DEADLINE : CALL_DEADLINE;
    try {
      const entry = new native.AsyncEntry(SERVICE, account, { linux: { store: "secret-service" } });
      return await withDeadline(call(entry), deadline);
    } catch (error) {
      throw error instanceof OidcTokenError ? error : nativeError(error);
    }
  }

  /** Windows: bytes, since as text a value takes twice the room, and split where it is too long for one entry. */
  #split(native: NativeKeyring): SplitEntries {
    const entries: Entries = {
      get: async (account) => {
        const bytes = await this.#call(native, account, (entry) => entry.getSecret());
        return bytes === null ? undefined : Uint8Array.from(bytes);
      },
      set: (account, bytes) => this.#call(native, account, (entry) => entry.setSecret(bytes)),
      delete: (account) => this.#call(native, account, (entry) => entry.deleteCredential()),
    };
    return new SplitEntries(entries);
  }
}

const OR_FILE = 'or keep tokens in a file: "store": "file"';

function stateError(state: Exclude<SecretServiceState, "ready" | "unchecked">): OidcTokenError {
  switch (state) {
    case "locked":
      return new OidcTokenError(
        "store",
        "the keyring is locked",
        `unlock it by signing in to the desktop, or run this command on a terminal there, ${OR_FILE}`,
      );
    case "no_collection":
      return new OidcTokenError(
        "store",
        "the keyring has no default collection to keep tokens in",
        `create one with the desktop's password manager, ${OR_FILE}`,
      );
    case "no_service":
      return new OidcTokenError(
        "store",
        "no keyring answers on this session's D-Bus",
        `start one that offers the Secret Service, such as gnome-keyring or KWallet, ${OR_FILE}`,
      );
    case "no_bus":
      return new OidcTokenError(
        "store",
        "there is no D-Bus session bus, and so no keyring",
        `run this inside a desktop session, ${OR_FILE}`,
      );
    case "silent":
      return new OidcTokenError(
        "store",
        `the keyring did not answer within ${CHECK_DEADLINE / 1000} s`,
        `restart the session's keyring or D-Bus, ${OR_FILE}`,
      );
  }
}

/** A sentence for what the native library says. Its own text is never shown: it may hold what the keyring sent. */
function nativeError(cause: unknown): OidcTokenError {
  const text = String((cause as { message?: unknown } | undefined)?.message ?? "").toLowerCase();
  const [message, hint] = text.includes("locked")
    ? ["the keyring is locked", `unlock it on the desktop, ${OR_FILE}`]
    : text.includes("no result found")
      ? [
          "the keyring has no default collection to keep tokens in",
          `create one with the desktop's password manager, ${OR_FILE}`,
        ]
      : /denied|dismissed|canceled|cancelled|not allowed|user interaction/.test(text)
        ? ["the keyring denied access", `allow it when the keyring asks, ${OR_FILE}`]
        : text.includes("ambiguous") || text.includes("more than one")
          ? [
              "the keyring holds several entries for this account",
              "run oidc-token logout, then oidc-token login",
            ]
          : ["the keyring failed", `see oidc-token doctor, ${OR_FILE}`];
  return new OidcTokenError("store", message as string, hint as string, { cause });
}
