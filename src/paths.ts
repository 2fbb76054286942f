import { statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
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

/**
 * Where locks live: one folder per OS user, whatever the environment says of the other folders, because a keyring is
 * per user as well. A cron job without XDG_RUNTIME_DIR must find the same folder as a login session.
 */
export function lockDir(env: Environment): string {
  const uid = process.getuid?.();
  if (uid === undefined) return `${tmpdir()}/oidc-token`;
  for (const candidate of [env.XDG_RUNTIME_DIR, `/run/user/${uid}`]) {
    if (candidate?.startsWith("/") && ownerOf(candidate) === uid) {
      return `${candidate}/oidc-token`;
    }
  }
  return `/tmp/oidc-token-${uid}`;
}

function ownerOf(folder: string): number | undefined {
  try {
    return statSync(folder).uid;
  } catch {
    // Absent, or left over from the session of a user who shows it to nobody else.
    return undefined;
  }
}
