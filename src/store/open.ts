import type { StoreChoice } from "../profile.js";
import { ChosenStore } from "./choose.js";
import { FileStore } from "./file.js";
import { KeyringStore } from "./keyring/keyring.js";
import { KEYRING_NAMES } from "./list.js";
import type { TokenStore } from "./token-store.js";

export interface StoreSurroundings {
  /** This program's data folder; absolute. */
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person is there who can answer a keyring's prompt. */
  readonly interactive: boolean;
  /** Told, once, a sentence on which store was taken and why. */
  readonly notice: (sentence: string) => void;
}

/** The configured store, on this machine's real keyring and file system. Touches neither before it is asked. */
export function openStore(choice: StoreChoice, surroundings: StoreSurroundings): TokenStore {
  const { dataDir, env, interactive, notice } = surroundings;
  return new ChosenStore({
    choice,
    file: new FileStore(`${dataDir}/tokens`),
    keyring: new KeyringStore({
      platform: process.platform,
      env,
      interactive,
      names: new FileStore(`${dataDir}/${KEYRING_NAMES}`),
    }),
    notice,
  });
}
