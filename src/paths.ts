import { homedir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
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

/** Where env-paths has them below the home folder. */
const BELOW_HOME =
  process.platform === "darwin"
    ? {
        config: "Library/Preferences",
        data: "Library/Application Support",
        cache: "Library/Caches",
        log: "Library/Logs",
      }
    : { config: ".config", data: ".local/share", cache: ".cache", log: ".local/state" };

/**
 * The folders env-paths names for this program, without a suffix (DESIGN §3). A variable that holds no absolute path counts
 * for nothing, as the XDG Base Directory Specification has it: a repository that one works in could be what it leads to.
 */
export function userPaths(): Paths {
  const { config, data, cache, log } = envPaths("oidc-token", { suffix: "" });
  const found = { config, data, cache, log };
  const home = homeFolder();
  for (const name of ["config", "data", "cache", "log"] as const) {
    if (!isAbsolute(found[name])) found[name] = join(home, BELOW_HOME[name], "oidc-token");
  }
  return { home, ...found };
}

function homeFolder(): string {
  const home = homedir();
  if (isAbsolute(home)) return home;
  try {
    return userInfo().homedir;
  } catch {
    return "/"; // a user of a number alone
  }
}

/** `~` at the beginning of a path is the user's home. */
export function expandHome(path: string, home: string): string {
  return /^~(?=$|[/\\])/.test(path) ? join(home, path.slice(1)) : path;
}
