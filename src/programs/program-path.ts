import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Environment } from "../paths.js";

/**
 * What is to be started for a program's name. Windows looks for a bare name in the current folder before `PATH`, and there a
 * repository may have put a program of that name. A name with a folder stays as it is.
 */
export function programPath(
  program: string,
  { env, platform }: { readonly env: Environment; readonly platform: NodeJS.Platform },
): string {
  if (platform !== "win32" || /[\\/:]/.test(program)) return program;
  const names = /\.(?:exe|com)$/i.test(program) ? [program] : [`${program}.exe`, `${program}.com`];
  const folders = (env.PATH ?? env.Path ?? "").split(";").filter(isAbsolute);
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(existsSync);
  // A path that is not there, so that the current folder is not looked at either.
  return found ?? join(folders[0] ?? "C:\\", `${program}.exe`);
}
