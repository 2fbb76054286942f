import type { Context } from "../context.js";
import { readCache, writeCache } from "../files/cache.js";
import type { Profile } from "../profile.js";
import { sha256 } from "../sha256.js";

/** Seconds a document is believed without asking again. */
const FRESH = 86_400;
/** Whatever decides who answers beside the profile: what came through one proxy or was trusted by one list is not taken for another. */
const NETWORK =
  "HTTP_PROXY http_proxy HTTPS_PROXY https_proxy NODE_EXTRA_CA_CERTS SSL_CERT_FILE SSL_CERT_DIR NODE_OPTIONS".split(
    " ",
  );

/** What a provider said of itself lately: public facts only. */
export interface KeptDocuments {
  /** The status and the body it answered at this address; undefined where it is to be asked. */
  read(address: string): KeptDocument | undefined;
  keep(address: string, answer: KeptDocument): void;
  /** Whether anything has been read from here. */
  readonly used: boolean;
  /** Lets go of all that was read or kept, which does not seem to hold. */
  forget(): void;
}

export interface KeptDocument {
  readonly status: number;
  readonly body: unknown;
}

/** The documents kept for this identity. Its account covers where its tokens may go, so nobody else's are taken for its own. */
export function keptDocuments(
  { account }: Pick<Profile, "account">,
  { env, now, paths }: Pick<Context, "env" | "now" | "paths">,
): KeptDocuments {
  const nameOf = (address: string): string => {
    const about = JSON.stringify([account, address, NETWORK.map((name) => env[name])]);
    return `document-${sha256(about).slice(0, 32)}.json`;
  };
  const touched = new Set<string>();
  let used = false;
  return {
    read(address) {
      const kept = readCache(paths.cache, nameOf(address)) as
        | (Partial<KeptDocument> & { asked_at?: unknown; address?: unknown })
        | null
        | undefined;
      const { status, body, asked_at } = kept ?? {};
      if (typeof asked_at !== "number" || kept?.address !== address || typeof status !== "number")
        return undefined;
      const age = now() - asked_at;
      if (!(age >= 0 && age < FRESH) || (status !== 200 && status !== 404)) return undefined;
      touched.add(address);
      used = true;
      return { status, body };
    },
    keep(address, { status, body }) {
      touched.add(address);
      writeCache(paths.cache, nameOf(address), { address, asked_at: now(), status, body });
    },
    get used() {
      return used;
    },
    forget() {
      for (const address of touched) writeCache(paths.cache, nameOf(address), null);
      touched.clear();
      used = false;
    },
  };
}
