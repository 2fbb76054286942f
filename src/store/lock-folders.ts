import { accessSync, constants, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import type { OidcTokenError } from "../errors.js";
import { errorCode, fileError } from "../files/file-error.js";
import { ensurePrivateFolder } from "../files/folder.js";
import type { Environment } from "../paths.js";
import { sessionBusSockets } from "./dbus/session-bus.js";

/**
 * Where locks may live, the best place first. A keyring is one per user and bus, whatever HOME and XDG_RUNTIME_DIR say,
 * so what comes first is the folder of the user's number and then that of the bus: a cron job must find the same lock as
 * a login session. `state` is for where somebody else has taken the name in /tmp.
 */
export function lockFolders(env: Environment, state: string): readonly string[] {
  const uid = process.getuid?.();
  if (uid === undefined) return [join(tmpdir(), "oidc-token")];
  const buses = (sessionBusSockets(env) ?? []).map(dirname);
  const runtime = [`/run/user/${uid}`, ...buses, env.XDG_RUNTIME_DIR ?? ""]
    .filter((folder) => isAbsolute(folder) && isOwn(folder, uid))
    .map((folder) => join(folder, "oidc-token"));
  return [...new Set(runtime), `/tmp/oidc-token-${uid}`, join(state, "locks")];
}

/** What may be over in a moment: to go on to another folder then would let two hold the same lock. */
const PASSING = ["EMFILE", "ENFILE", "ENOMEM", "ENOSPC", "EDQUOT", "EIO", "ESTALE"];

/**
 * The first of the folders that is this user's alone, or can be made so, and that can be written to. Throws what was
 * wrong with the first where none is.
 */
export function usableFolder(folders: readonly string[], uid: number | undefined): string {
  let failure: OidcTokenError | undefined;
  for (const path of folders) {
    try {
      ensurePrivateFolder(path, uid);
      accessSync(path, constants.W_OK);
      return path;
    } catch (thrown) {
      const error = fileError(thrown, { action: "write", path });
      if (PASSING.includes(errorCode(error.cause))) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

/** A folder that nobody else can write to. */
function isOwn(folder: string, uid: number): boolean {
  try {
    const stats = statSync(folder);
    return stats.isDirectory() && stats.uid === uid && (stats.mode & 0o022) === 0;
  } catch {
    // Absent, or left over from the session of a user who shows it to nobody else.
    return false;
  }
}
