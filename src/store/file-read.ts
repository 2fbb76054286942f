import { join } from "node:path";
import { errorCode, fileError } from "../files/file-error.js";
import { checkPrivateFolder, encodeFileName } from "../files/folder.js";
import { readPrivate } from "../files/read.js";

/** Bytes. The largest record is a few tokens of some 10 kB. */
const MOST = 4 * 1024 * 1024;

/** The file that keeps an account. */
export function pathOf(folder: string, account: string): string {
  return join(folder, `${encodeFileName(account)}.json`);
}

/**
 * What the file store keeps for an account: all that the hot path needs of it. As FileStore's `get`; throws an
 * OidcTokenError of kind `store` or `temporary`.
 */
export function readFileStore(
  folder: string,
  account: string,
  uid: number | undefined = process.getuid?.(),
): string | undefined {
  if (!checkPrivateFolder(folder, uid)) return undefined;
  const path = pathOf(folder, account);
  try {
    return readPrivate(path, MOST, uid);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw fileError(error, { action: "read", path, most: MOST });
  }
}
