import { OidcTokenError } from "../../errors.js";
import type { NativeEntry } from "./load-native.js";
import { withDeadline } from "./native-call.js";
import { type Entries, SplitEntries } from "./split.js";
import { nativeError, noLibrary } from "./trouble.js";

export const SERVICE = "oidc-token";
/** Milliseconds. Keychain asks by itself, for instance when another program made the item; elsewhere no prompt is due here. */
const DEADLINE = process.platform === "darwin" ? 60_000 : 10_000;

/**
 * One call of the native library: Keychain, Credential Manager, and the Secret Service where its bus is no unix socket.
 * Throws an OidcTokenError of kind `store`, at the latest at its deadline.
 */
export async function callNative<T>(account: string, call: (entry: NativeEntry) => Promise<T>): Promise<T> {
  const native = await library();
  try {
    const entry = new native.AsyncEntry(SERVICE, account, { linux: { store: "secret-service" } });
    return await withDeadline(call(entry), DEADLINE);
  } catch (error) {
    throw error instanceof OidcTokenError ? error : nativeError(error);
  }
}

/** Windows: bytes, since as text a value takes twice the room, and split where it is too long for one entry. */
export function splitEntries(): SplitEntries {
  const entries: Entries = {
    get: async (account) => {
      const bytes = await callNative(account, (entry) => entry.getSecret());
      return bytes === null ? undefined : Uint8Array.from(bytes);
    },
    set: (account, bytes) => callNative(account, (entry) => entry.setSecret(bytes)),
    delete: (account) => callNative(account, (entry) => entry.deleteCredential()),
  };
  return new SplitEntries(entries);
}

/** Loaded when first needed: the Secret Service does without. */
async function library() {
  try {
    const { loadNative } = await import("./load-native.js");
    return loadNative();
  } catch (cause) {
    throw noLibrary(cause);
  }
}
