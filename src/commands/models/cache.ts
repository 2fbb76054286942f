import { readCache, writeCache } from "../../files/cache.js";
import { sha256 } from "../../sha256.js";
import type { Model } from "./list.js";

export interface CachedModels {
  /** Seconds since the epoch. */
  readonly asked_at: number;
  readonly models: readonly Model[];
}

function nameOf(account: string, base_url: string): string {
  const name = sha256(`${account}\n${base_url}`).slice(0, 32);
  return `models-${name}.json`;
}

/** What this identity saw at this address last time. A missing or damaged file counts as never asked. */
export function readModels(cacheDir: string, account: string, base_url: string): CachedModels | undefined {
  const kept = readCache(cacheDir, nameOf(account, base_url)) as Partial<CachedModels> | null | undefined;
  const whole =
    Number.isFinite(kept?.asked_at) &&
    Array.isArray(kept?.models) &&
    kept.models.every((model: Partial<Model> | null) => typeof model?.id === "string");
  return whole ? (kept as CachedModels) : undefined;
}

/** Keeps the list for next time; a cache that can't be written is no error. */
export function writeModels(cacheDir: string, account: string, base_url: string, kept: CachedModels): void {
  writeCache(cacheDir, nameOf(account, base_url), kept);
}
