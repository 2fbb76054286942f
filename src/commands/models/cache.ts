import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Model } from "./list.js";

export interface CachedModels {
  /** Seconds since the epoch. */
  readonly asked_at: number;
  readonly models: readonly Model[];
}

function fileOf(cacheDir: string, account: string, base_url: string): string {
  const name = createHash("sha256").update(`${account}\n${base_url}`).digest("hex").slice(0, 32);
  return `${cacheDir}/models-${name}.json`;
}

/** What this identity saw at this address last time. A missing or damaged file counts as never asked. */
export function readModels(cacheDir: string, account: string, base_url: string): CachedModels | undefined {
  try {
    const kept = JSON.parse(readFileSync(fileOf(cacheDir, account, base_url), "utf8")) as CachedModels;
    const whole = Number.isFinite(kept.asked_at) && kept.models.every(({ id }) => typeof id === "string");
    return whole ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the list for next time; a cache that can't be written is no error. */
export function writeModels(cacheDir: string, account: string, base_url: string, kept: CachedModels): void {
  const path = fileOf(cacheDir, account, base_url);
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(cacheDir, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, JSON.stringify(kept), { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    rmSync(temporary, { force: true });
  }
}
