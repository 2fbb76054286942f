import { join, resolve } from "node:path";
import type { Context } from "../../context.js";
import { expandHome } from "../../paths.js";
import type { ConfigChoice } from "../load.js";
import { keep, type OpenedConfig, type Place, readKept } from "./kept.js";

export type { OpenedConfig } from "./kept.js";

/**
 * The configuration: as it was kept from the last time, where its file is untouched, else read (DESIGN §3). What reads it
 * takes longer to load than all else, so it is loaded for that only. Throws what `loadConfig` throws.
 */
export async function openConfig(
  context: Pick<Context, "env" | "cwd" | "paths" | "stderr">,
  choice: ConfigChoice = {},
): Promise<OpenedConfig> {
  const place = placeOf(context, choice);
  const kept = place && readKept(context.paths.cache, place, choice.profile);
  if (kept) return kept;
  const read_at = Date.now();
  const { loadConfig } = await import("../load.js");
  const config = loadConfig(context, choice);
  if (place) keep(context.paths.cache, place, config, read_at);
  return config;
}

/** Undefined where a variable names the file, which then counts beside the usual one. */
function placeOf(
  { env, cwd, paths }: Pick<Context, "env" | "cwd" | "paths">,
  { config, profile }: ConfigChoice,
): Place | undefined {
  if (config === "" || profile === "" || env.OIDC_TOKEN_CONFIG) return undefined;
  const path =
    config === undefined ? join(paths.config, "config.jsonc") : resolve(cwd, expandHome(config, paths.home));
  return { path, cwd, home: paths.home, env };
}
