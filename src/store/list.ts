import { readdirSync } from "node:fs";
import { errorCode, fileError } from "../files/file-error.js";
import { listKeyringAccounts } from "./keyring/list.js";
import type { KeyringPlace } from "./keyring/read.js";
import { KeyringUnusable } from "./keyring/trouble.js";

/** The folder in which the names of what Keychain and Credential Manager hold are kept: they cannot be asked for them. */
export const KEYRING_NAMES = "keyring-accounts";

/** Every account that is kept anywhere. `notice` is told why a keyring could not be asked. */
export async function listAccounts(
  data_dir: string,
  keyring: KeyringPlace,
  notice: (sentence: string) => void,
): Promise<readonly string[]> {
  const folders = [`${data_dir}/tokens`, `${data_dir}/${KEYRING_NAMES}`];
  const known = [...new Set(folders.flatMap(listFileAccounts))];
  if (keyring.platform !== "linux") return known;
  try {
    return [...new Set([...known, ...(await listKeyringAccounts(keyring.env))])];
  } catch (error) {
    if (!(error instanceof KeyringUnusable)) throw error;
    if (error.trouble !== "absent") notice(`${error.message}, so what it may hold stays there`);
    return known;
  }
}

/**
 * Every account that the file store in this folder holds. Apart from the stores: no token is got this way, and the hot
 * path has no room for it. Throws an OidcTokenError of kind `store`.
 */
function listFileAccounts(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
    return names.flatMap((name) => accountIn(name.slice(0, -".json".length)) ?? []);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw fileError(error, { action: "read", path: folder });
  }
}

/** Undefined for a file of somebody else. */
function accountIn(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
