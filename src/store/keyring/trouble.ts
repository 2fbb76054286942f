import { OidcTokenError } from "../../errors.js";
import type { SecretServiceState } from "./secret-service-bus.js";

/** `absent`: there is none, so it cannot hold anything either. `locked`: a person could unlock it. */
export type KeyringTrouble = "absent" | "locked" | "silent" | "failed";

/** The keyring cannot be used. */
export class KeyringUnusable extends OidcTokenError {
  readonly trouble: KeyringTrouble;

  constructor(trouble: KeyringTrouble, message: string, hint: string, options?: { cause?: unknown }) {
    super("store", message, hint, options);
    this.trouble = trouble;
  }
}

const OR_FILE = 'or keep tokens in a file: "store": "file"';

const TROUBLES: Readonly<
  Record<Exclude<SecretServiceState, "ready" | "unchecked">, readonly [KeyringTrouble, string, string]>
> = {
  locked: [
    "locked",
    "the keyring is locked",
    "unlock it by signing in to the desktop, or run oidc-token login on a terminal there",
  ],
  withheld: [
    "locked",
    "the keyring keeps this entry from oidc-token",
    'allow it on a terminal; in KeePassXC switch off "Confirm when passwords are retrieved by clients"',
  ],
  silent: ["silent", "the keyring did not answer in time", "restart the session's keyring or D-Bus"],
  no_collection: [
    "absent",
    "the keyring has no default collection to keep tokens in",
    "create one with the desktop's password manager",
  ],
  no_service: [
    "absent",
    "no keyring answers on this session's D-Bus",
    "start one that offers the Secret Service, such as gnome-keyring or KWallet",
  ],
  no_bus: ["absent", "there is no D-Bus session bus, and so no keyring", "run this inside a desktop session"],
  broken: [
    "failed",
    "the session's D-Bus turned this program away or hung up",
    "look whether DBUS_SESSION_BUS_ADDRESS names your own session's bus, and restart that",
  ],
  failed: ["failed", "the keyring failed", "look whether other programs can use it"],
};

export function keyringError(state: keyof typeof TROUBLES): KeyringUnusable {
  const [trouble, message, hint] = TROUBLES[state];
  return new KeyringUnusable(trouble, message, `${hint}, ${OR_FILE}`);
}

export function noLibrary(cause: unknown): KeyringUnusable {
  return new KeyringUnusable(
    "absent",
    `the keyring library does not work on ${process.platform}-${process.arch}`,
    `install oidc-token with its optional dependencies, ${OR_FILE}`,
    { cause },
  );
}

/** A sentence for what the native library says. Its own text is never shown: it may hold what the keyring sent. */
export function nativeError(cause: unknown): OidcTokenError {
  const text = String((cause as { message?: unknown } | undefined)?.message ?? "").toLowerCase();
  if (text.includes("locked")) return keyringError("locked");
  if (text.includes("no result found")) return keyringError("no_collection");
  const [message, hint] = /denied|dismissed|canceled|cancelled|not allowed|user interaction/.test(text)
    ? ["the keyring denied access", `allow it when the keyring asks, ${OR_FILE}`]
    : text.includes("ambiguous") || text.includes("more than one")
      ? ["the keyring holds several entries for this account", "run oidc-token logout, then oidc-token login"]
      : [TROUBLES.failed[1], `${TROUBLES.failed[2]}, ${OR_FILE}`];
  return new OidcTokenError("store", message as string, hint as string, { cause });
}
