import { statSync } from "node:fs";
import { OidcTokenError } from "../errors.js";
import { readText } from "../files/read.js";
import type { Environment } from "../paths.js";
import {
  type Profile,
  REFERENCES,
  type ReferenceKey,
  type References,
  secretsOf,
  type TextReference,
} from "../profile.js";
import { CONTROL_CHARACTER, printable } from "../text.js";

const MOST_BYTES = 64 * 1024;
/** A system's whole list of certificates is some 250 KiB. */
const MOST_BYTES_OF_CERTIFICATES = 4 * 1024 * 1024;
const OTHERS_MAY_READ = 0o044;

/**
 * The text a reference of this key points to; what `{keyring}` and the like stand for is not found here. Throws an
 * OidcTokenError of kind `configuration` that names the variable or the file, never what is in it.
 */
export function resolveReference(
  reference: TextReference,
  key: ReferenceKey,
  { env }: { readonly env: Environment },
): string {
  if (reference.from === "plain") return reference.value;
  const { value, source } =
    reference.from === "env" ? fromVariable(reference.name, key, env) : fromFile(reference.path, key);
  if (REFERENCES[key].kind !== "key" && CONTROL_CHARACTER.test(value)) {
    throw new OidcTokenError(
      "configuration",
      `${source} (for "${key}") holds a control character or more than one line`,
      "keep the secret alone, on one line",
    );
  }
  return value;
}

/** Throws an OidcTokenError of kind `configuration` where a `ca_file` is not there or holds no certificate. */
export function checkCertificates(path: string): void {
  const text = readText(path, { most_bytes: MOST_BYTES_OF_CERTIFICATES, what: "a file with certificates" });
  if (text?.includes("-----BEGIN CERTIFICATE-----")) return;
  throw new OidcTokenError(
    "configuration",
    `"ca_file" is ${printable(path)}, which ${text === undefined ? "does not exist" : "holds no certificate in PEM"}`,
    "name a file that begins with -----BEGIN CERTIFICATE-----",
  );
}

/**
 * Sentences about files with secrets of this profile that others on this machine may read; `file` is the one that
 * defines it, and may hold some itself.
 */
export function exposedSecrets(
  profile: References & Pick<Profile, "proxy">,
  file: string,
  platform: NodeJS.Platform,
): string[] {
  if (platform === "win32") return [];
  const paths = secretsOf(profile).flatMap(([, reference]) => {
    if (reference.from === "plain") return [file];
    return reference.from === "file" ? [reference.path] : [];
  });
  if (profile.proxy !== undefined && new URL(profile.proxy).password !== "") paths.push(file);
  return [...new Set(paths)].flatMap((path) => {
    const mode = modeOf(path);
    if (mode === undefined || (mode & OTHERS_MAY_READ) === 0) return [];
    const octal = mode.toString(8).padStart(4, "0");
    return [
      `${printable(path)} can be read by other users of this machine (mode ${octal}), and holds a secret`,
    ];
  });
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return undefined;
  }
}

function fromVariable(name: string, key: string, env: Environment): { value: string; source: string } {
  const value = env[name];
  if (value !== undefined && value !== "") return { value, source: `the variable ${name}` };
  throw new OidcTokenError(
    "configuration",
    `"${key}" is to come from the variable ${name}, which is ${value === "" ? "empty" : "not set"}`,
    `set ${name}, and export it so that this command sees it`,
  );
}

function fromFile(path: string, key: string): { value: string; source: string } {
  const text = readText(path, { most_bytes: MOST_BYTES, what: "a file with the secret" });
  const value = text?.replace(/\r?\n$/, "");
  if (value !== undefined && value !== "") return { value, source: printable(path) };
  throw new OidcTokenError(
    "configuration",
    `"${key}" is to come from the file ${printable(path)}, which ${text === undefined ? "does not exist" : "is empty"}`,
    text === undefined
      ? "create it with the secret as its only line, or correct the path"
      : "write the secret into it",
  );
}
