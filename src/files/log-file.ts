import {
  appendFileSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  renameSync,
  type Stats,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { LOG_LEVELS, type Log, type LogFields, type LogLevel } from "../log.js";
import { makeFolder } from "./folder.js";

const FILE_NAME = "oidc-token.log";
const ROTATE_AT_BYTES = 1024 * 1024;

/**
 * A log in `<dir>/oidc-token.log` (0600), moved to `.1` when it has grown over 1 MiB. A log that cannot be written
 * never stops the program.
 */
export function fileLog(dir: string, level: LogLevel, redact: (text: string) => string): Log {
  const path = join(dir, FILE_NAME);
  const write = (severity: LogLevel, message: string, fields: LogFields = {}): void => {
    if (LOG_LEVELS.indexOf(severity) > LOG_LEVELS.indexOf(level)) return;
    const { msg: _reserved, ...rest } = fields;
    const line = JSON.stringify({
      time: new Date().toISOString(),
      level: severity,
      pid: process.pid,
      msg: message,
      ...rest,
    });
    append(dir, path, `${redact(line)}\n`);
  };
  return {
    level,
    error: (message, fields) => write("error", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    info: (message, fields) => write("info", message, fields),
    debug: (message, fields) => write("debug", message, fields),
  };
}

/** Neither through a link that somebody laid there, nor waiting for the reader of a pipe. Windows has no such flags. */
const APPEND =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  (constants.O_NOFOLLOW ?? 0) |
  (constants.O_NONBLOCK ?? 0);

function append(dir: string, path: string, line: string): void {
  try {
    makeFolder(dir);
    const fd = openSync(path, APPEND, 0o600);
    let written: Stats;
    try {
      if (!keepPrivate(fd)) return;
      appendFileSync(fd, line);
      written = fstatSync(fd);
    } finally {
      closeSync(fd);
    }
    // A peer may have moved it away meanwhile: what is there now is new, and no reason to lose the old.
    if (written.size > ROTATE_AT_BYTES && statSync(path).ino === written.ino) renameSync(path, `${path}.1`);
  } catch {
    // A full disk or a read-only home must not keep anybody from a token.
  }
}

/** False for a file of another user. On Windows the folder's own access list says who may read. */
function keepPrivate(fd: number): boolean {
  if (process.getuid === undefined) return true;
  const { mode, uid } = fstatSync(fd);
  if (uid !== process.getuid()) return false;
  if (mode & 0o077) fchmodSync(fd, 0o600);
  return true;
}
