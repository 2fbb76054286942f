import { createRequire } from "node:module";

/** What this program uses of `@napi-rs/keyring`. */
export interface NativeEntry {
  getPassword(): Promise<string | null>;
  setPassword(password: string): Promise<void>;
  getSecret(): Promise<readonly number[] | null>;
  setSecret(secret: Uint8Array): Promise<void>;
  deleteCredential(): Promise<boolean>;
}

export interface NativeKeyring {
  readonly AsyncEntry: new (
    service: string,
    account: string,
    options: { linux: { store: "secret-service" } },
  ) => NativeEntry;
}

/**
 * Loads the native library; throws where there is none for this platform. The platform's own package first: the
 * main one looks for the right package with a file read and failing lookups that cost 8 ms. And by `require`:
 * as an `import` it costs 33 ms.
 */
export function loadNative(): NativeKeyring {
  // One of the two bundles is CommonJS, where import.meta is empty, the other a module without __filename.
  const require = createRequire(typeof __filename === "string" ? __filename : import.meta.url);
  for (const suffix of suffixes()) {
    try {
      return require(`@napi-rs/keyring-${process.platform}-${process.arch}${suffix}`);
    } catch {
      // Not the one for this system, or not installed apart from the main package.
    }
  }
  return require("@napi-rs/keyring");
}

function suffixes(): readonly string[] {
  if (process.platform === "linux") return process.arch === "arm" ? ["-gnueabihf"] : ["-gnu", "-musl"];
  return process.platform === "win32" ? ["-msvc"] : [""];
}
