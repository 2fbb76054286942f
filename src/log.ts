import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, renameSync } from "node:fs";
import { join } from "node:path";

export const LOG_LEVELS = ["none", "error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const DEFAULT_LOG_LEVEL: LogLevel = "warn";

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes lines to the log file. A secret is never given to it; what is written is redacted all the same. */
export interface Log {
  readonly level: LogLevel;
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

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

function append(dir: string, path: string, line: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const fd = openSync(path, "a", 0o600);
    let size: number;
    try {
      appendFileSync(fd, line);
      size = fstatSync(fd).size;
    } finally {
      closeSync(fd);
    }
    if (size > ROTATE_AT_BYTES) renameSync(path, `${path}.1`);
  } catch {
    // A full disk or a read-only home must not keep anybody from a token.
  }
}
