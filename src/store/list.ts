import { readdirSync } from "node:fs";
import { errorCode, fileError } from "../files/file-error.js";

/**
 * Every account that the file store of this data folder holds. Apart from the stores: no token is got this way, and the hot
 * path has no room for it. Throws an OidcTokenError of kind `store`.
 */
export function listFileAccounts(data_dir: string): readonly string[] {
  const folder = `${data_dir}/tokens`;
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
    return names.map((name) => decodeURIComponent(name.slice(0, -".json".length)));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw fileError(error, { action: "read", path: folder });
  }
}
