import { statSync } from "node:fs";
import { userPaths } from "../paths.js";

/** From Node 22.8 on. */
interface Module {
  enableCompileCache?(folder: string): unknown;
}

/**
 * Has Node keep what it compiles from now on, for the next start. Only in a cache folder that is this user's alone, since
 * what lies there is run; it is made by whoever keeps the first thing in it. Never throws.
 */
export function keepCompiled(): void {
  // Asking an older one takes a millisecond in vain.
  if (Number.parseInt(process.versions.node, 10) < 22) return;
  try {
    const { enableCompileCache } = process.getBuiltinModule("node:module") as Module;
    if (!enableCompileCache) return;
    const { cache } = userPaths();
    const { uid, mode } = statSync(cache);
    const own = process.getuid?.();
    if (own === undefined || (uid === own && (mode & 0o077) === 0)) enableCompileCache(`${cache}/compiled`);
  } catch {
    // There is no such folder yet.
  }
}
