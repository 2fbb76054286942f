import { readdirSync } from "node:fs";
import { errorCode, fileError } from "../files/file-error.js";
import { listKeyringAccounts } from "./keyring/list.js";
import type { KeyringPlace } from "./keyring/read.js";
import { KeyringUnusable } from "./keyring/trouble.js";

/** Every account that is kept anywhere. `notice` is told why a keyring could not be asked. */
export async function listAccounts(
  data_dir: string,
  keyring: KeyringPlace,
  notice: (sentence: string) => void,
): Promise<readonly string[]> {
  const in_files = listFileAccounts(data_dir);
  try {
    return [...new Set([...in_files, ...(await listKeyringAccounts(keyring))])];
  } catch (error) {
    if (!(error instanceof KeyringUnusable)) throw error;
    if (error.trouble !== "absent") notice(`${error.message}, so what it may hold stays there`);
    return in_files;
  }
}

/**
 * Every account that the file store of this data folder holds. Apart from the stores: no token is got this way, and the hot
 * path has no room for it. Throws an OidcTokenError of kind `store`.
 */
function listFileAccounts(data_dir: string): readonly string[] {
  const folder = `${data_dir}/tokens`;
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
    return names.map((name) => decodeURIComponent(name.slice(0, -".json".length)));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw fileError(error, { action: "read", path: folder });
  }
}
