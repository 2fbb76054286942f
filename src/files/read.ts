import { readFileSync, type Stats, statSync } from "node:fs";
import { OidcTokenError } from "../errors.js";
import { printable } from "../text.js";

/**
 * The text of a file a person wrote, UTF-8, without a byte order mark. Undefined where there is none; an OidcTokenError
 * of kind `configuration` where it can't be read.
 */
export function readText(
  path: string,
  limits: { readonly most_bytes: number; readonly what: string },
): string | undefined {
  let bytes: Buffer;
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) return undefined;
    checkStats(path, stats, limits);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof OidcTokenError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    if (code === "ENOTDIR" || code === "ENOENT") return undefined;
    const reason = code === "EACCES" || code === "EPERM" ? "permission denied" : code;
    throw new OidcTokenError(
      "configuration",
      `${printable(path)} cannot be read: ${reason}`,
      "look at its owner and mode, and those of the folders above it",
      { cause: error },
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new OidcTokenError(
      "configuration",
      `${printable(path)} is not UTF-8 text`,
      "save it again as UTF-8",
    );
  }
}

function checkStats(
  path: string,
  stats: Stats,
  limits: { readonly most_bytes: number; readonly what: string },
): void {
  if (stats.isDirectory()) {
    throw new OidcTokenError(
      "configuration",
      `${printable(path)} is a folder`,
      `name ${limits.what} inside it`,
    );
  }
  if (!stats.isFile()) {
    throw new OidcTokenError(
      "configuration",
      `${printable(path)} is not a regular file`,
      `name ${limits.what}; a pipe or a device could block every call`,
    );
  }
  if (stats.size > limits.most_bytes) {
    throw new OidcTokenError(
      "configuration",
      `${printable(path)} is larger than ${limits.most_bytes / 1024} KiB`,
      `check that it is the file you mean: ${limits.what} is never that large`,
    );
  }
}
