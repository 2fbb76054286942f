import { lstatSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { errorCode, Refused } from "./file-error.js";
import { ensurePrivateFolder } from "./folder.js";
import { readRegular, refuseForeign } from "./read.js";
import { replaceFile } from "./replace.js";

/**
 * What a native library exports that is inside the executable, at the path `embedded`. A system loads libraries from files
 * only, and Bun's own way leaves one among the temporary files that is run again unread. This one is kept in the cache
 * folder `cache`, and run where nobody else can write to that and it is, byte for byte, what the executable has. Where no
 * library can be kept or run there, it is loaded once from a folder that is then removed. Throws the system's error.
 */
export function loadLibrary(embedded: string, cache: string): unknown {
  const bytes = readFileSync(embedded);
  // Bun puts a hash of the content into the name, so that two versions do not take turns at one file.
  const name = basename(embedded);
  try {
    return load(keep(bytes, cache, name));
  } catch {
    return loadOnce(bytes, name);
  }
}

function keep(bytes: Buffer, folder: string, name: string): string {
  ensurePrivateFolder(folder, process.getuid?.());
  const path = join(folder, name);
  if (!isKept(bytes, path)) replaceFile(path, bytes, { durable: false });
  return path;
}

function isKept(bytes: Buffer, path: string): boolean {
  try {
    if (lstatSync(path).isSymbolicLink()) return false;
    return readRegular(path, bytes.length, refuseForeign).equals(bytes);
  } catch (error) {
    if (error instanceof Refused || errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

function loadOnce(bytes: Buffer, name: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), "oidc-token-"));
  try {
    const path = join(folder, name);
    replaceFile(path, bytes, { durable: false });
    return load(path);
  } finally {
    try {
      rmSync(folder, { recursive: true });
    } catch {
      // Windows keeps what is loaded.
    }
  }
}

function load(path: string): unknown {
  const module = { exports: {} as unknown };
  process.dlopen(module, path);
  return module.exports;
}
