import { OidcTokenError } from "../../errors.js";
import type { Environment } from "../../paths.js";
import type { Store } from "../store.js";
import type { NativeEntry, NativeKeyring } from "./load-native.js";
import { withDeadline } from "./native-call.js";
import {
  checkSecretService,
  readSecret,
  type SecretServiceState,
  unlockSecretService,
} from "./secret-service.js";
import { type Entries, SplitEntries } from "./split.js";

const SERVICE = "oidc-token";
/** Milliseconds the bus and the Secret Service have to answer, and what a native call has after that. */
const CHECK_DEADLINE = 5_000;
const CALL_DEADLINE = 10_000;
/** Milliseconds a person has for a prompt. */
const PROMPT_DEADLINE = 60_000;

/** `absent`: there is none, so it cannot hold anything either. `locked`: a person could unlock it. */
export type KeyringTrouble = "absent" | "locked" | "silent";

/** The keyring cannot be used. */
export class KeyringUnusable extends OidcTokenError {
  readonly trouble: KeyringTrouble;

  constructor(trouble: KeyringTrouble, message: string, hint: string, options?: { cause?: unknown }) {
    super("store", message, hint, options);
    this.trouble = trouble;
  }
}

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

  constructor(options: KeyringOptions) {
    this.#options = options;
  }

  /** `deadline`: milliseconds the keyring has to answer at all. Throws KeyringUnusable where it cannot be read. */
  async get(account: string, deadline: number = CHECK_DEADLINE): Promise<string | undefined> {
    const { platform, env } = this.#options;
    if (platform === "linux") {
      const attributes = { service: SERVICE, username: account };
      let reading = await readSecret(env, attributes, deadline);
      if ((await this.#unlocked(reading.state)) !== reading.state) {
        reading = await readSecret(env, attributes, deadline);
      }
      if (reading.state !== "unchecked") {
        if (reading.state !== "ready") throw stateError(reading.state);
        return reading.secret;
      }
    }
    const native = await library();
    if (platform === "win32") return this.#split(native).get(account);
    return (await this.#call(native, account, (entry) => entry.getPassword())) ?? undefined;
  }

  async set(account: string, value: string): Promise<void> {
    const native = await this.#open();
    if (this.#options.platform === "win32") return this.#split(native).set(account, value);
    await this.#call(native, account, (entry) => entry.setPassword(value));
  }

  async delete(account: string, deadline: number = CHECK_DEADLINE): Promise<boolean> {
    const native = await this.#open(deadline);
    if (this.#options.platform === "win32") return this.#split(native).delete(account);
    return this.#call(native, account, (entry) => entry.deleteCredential());
  }

  /** The native library, once the keyring is known to answer. */
  async #open(deadline: number = CHECK_DEADLINE): Promise<NativeKeyring> {
    if (this.#options.platform === "linux") {
      const state = await this.#unlocked(await checkSecretService(this.#options.env, deadline));
      if (state !== "ready" && state !== "unchecked") throw stateError(state);
    }
    return await library();
  }

  /** The state once a locked keyring has been unlocked, where a person is there to do so. */
  async #unlocked(state: SecretServiceState): Promise<SecretServiceState> {
    if (state !== "locked" || !this.#options.interactive) return state;
    const after = await unlockSecretService(this.#options.env, PROMPT_DEADLINE);
    return after === "silent" ? "locked" : after; // nobody has answered the prompt
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

/** Loaded when first needed: a read of Secret Service does without. */
async function library(): Promise<NativeKeyring> {
  try {
    const { loadNative } = await import("./load-native.js");
    return loadNative();
  } catch (cause) {
    throw new KeyringUnusable(
      "absent",
      `the keyring library does not work on ${process.platform}-${process.arch}`,
      `install oidc-token with its optional dependencies, ${OR_FILE}`,
      { cause },
    );
  }
}

const OR_FILE = 'or keep tokens in a file: "store": "file"';

function stateError(state: Exclude<SecretServiceState, "ready" | "unchecked">): KeyringUnusable {
  switch (state) {
    case "locked":
      return new KeyringUnusable(
        "locked",
        "the keyring is locked",
        `unlock it by signing in to the desktop, or run oidc-token login on a terminal there, ${OR_FILE}`,
      );
    case "silent":
      return new KeyringUnusable(
        "silent",
        "the keyring did not answer in time",
        `restart the session's keyring or D-Bus, ${OR_FILE}`,
      );
    case "no_collection":
      return new KeyringUnusable(
        "absent",
        "the keyring has no default collection to keep tokens in",
        `create one with the desktop's password manager, ${OR_FILE}`,
      );
    case "no_service":
      return new KeyringUnusable(
        "absent",
        "no keyring answers on this session's D-Bus",
        `start one that offers the Secret Service, such as gnome-keyring or KWallet, ${OR_FILE}`,
      );
    case "no_bus":
      return new KeyringUnusable(
        "absent",
        "there is no D-Bus session bus, and so no keyring",
        `run this inside a desktop session, ${OR_FILE}`,
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
          : ["the keyring failed", `look whether other programs can use it, ${OR_FILE}`];
  return new OidcTokenError("store", message as string, hint as string, { cause });
}
