import { isOidcTokenError } from "../errors.js";
import type { StoreChoice } from "../profile.js";
import type { KeyringUnusable } from "./keyring/trouble.js";
import type { Kept } from "./token-store.js";

/** Milliseconds a keyring has to answer that is asked only in case an earlier configuration left a token there. */
export const ASIDE_DEADLINE = 1_000;

/** What reading takes of the two stores. A keyring may not be there: then it throws KeyringUnusable. */
export interface Readable {
  readonly file: { get(account: string): Promise<string | undefined> };
  readonly keyring: { get(account: string, deadline?: number): Promise<string | undefined> };
}

/** What is kept for an account, whatever the choice: the file's first, which is the newer where there are two. */
export async function readStores(
  choice: StoreChoice,
  { file, keyring }: Readable,
  account: string,
): Promise<Kept | undefined> {
  const inFile = await file.get(account);
  if (inFile !== undefined) return { text: inFile, store: "file" };
  try {
    const text = await keyring.get(account, choice === "file" ? ASIDE_DEADLINE : undefined);
    return text === undefined ? undefined : { text, store: "keyring" };
  } catch (error) {
    // With "auto" a keyring that is locked or silent may hold the token, and saying "not signed in" would be wrong.
    if (choice === "auto" && isAbsent(error)) return undefined;
    if (choice === "file" && isOidcTokenError(error)) return undefined;
    throw error;
  }
}

/** By its field: where it comes from a bundle of its own, its class is another one. */
function isAbsent(error: unknown): boolean {
  return isOidcTokenError(error) && (error as Partial<KeyringUnusable>).trouble === "absent";
}
