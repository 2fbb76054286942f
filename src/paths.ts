import { realpathSync } from "node:fs";
import { isAbsolute, join } from "node:path";

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

/** Below which folder each is, and its own part of the path, which on Windows takes the place of a folder a kind. */
const PLACES = {
  darwin: {
    config: ["", "Library/Preferences", ""],
    data: ["", "Library/Application Support", ""],
    cache: ["", "Library/Caches", ""],
    log: ["", "Library/Logs", ""],
  },
  win32: {
    config: ["APPDATA", "AppData/Roaming", "Config"],
    data: ["LOCALAPPDATA", "AppData/Local", "Data"],
    cache: ["LOCALAPPDATA", "AppData/Local", "Cache"],
    log: ["LOCALAPPDATA", "AppData/Local", "Log"],
  },
  linux: {
    config: ["XDG_CONFIG_HOME", ".config", ""],
    data: ["XDG_DATA_HOME", ".local/share", ""],
    cache: ["XDG_CACHE_HOME", ".cache", ""],
    log: ["XDG_STATE_HOME", ".local/state", ""],
  },
} as const;

/**
 * Where the system has such folders. A variable that holds no absolute path counts for nothing, as the XDG Base Directory
 * Specification has it: a repository that one works in could be what it leads to.
 */
export function userPaths(): Paths {
  const { env, platform } = process;
  const places = PLACES[platform as "linux"] ?? PLACES.linux;
  const home = homeFolder();
  const folder = (name: keyof typeof places): string => {
    const [variable, below_home, own] = places[name];
    const given = env[variable] ?? "";
    return join(isAbsolute(given) ? given : join(home, below_home), "oidc-token", own);
  };
  return { home, config: folder("config"), data: folder("data"), cache: folder("cache"), log: folder("log") };
}

function homeFolder(): string {
  // What `homedir` answers there as well; loading node:os for it takes a tenth of what a cached get takes beside Node.
  const { HOME = "" } = process.platform === "win32" ? {} : process.env;
  if (isAbsolute(HOME)) return HOME;
  const { homedir, userInfo } = process.getBuiltinModule("node:os");
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

/** Where a path leads, links followed; undefined where it leads nowhere. */
export function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
