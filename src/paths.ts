import { homedir } from "node:os";
import { join } from "node:path";
import envPaths from "env-paths";

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Folders of this user, all absolute. */
export interface Paths {
  readonly home: string;
  readonly config: string;
  readonly data: string;
  readonly cache: string;
  readonly log: string;
}

/** The folders env-paths names for this program, without a suffix (DESIGN §3). */
export function userPaths(): Paths {
  const { config, data, cache, log } = envPaths("oidc-token", { suffix: "" });
  return { home: homedir(), config, data, cache, log };
}

/** `~` at the beginning of a path is the user's home. */
export function expandHome(path: string, home: string): string {
  return /^~(?=$|[/\\])/.test(path) ? join(home, path.slice(1)) : path;
}
