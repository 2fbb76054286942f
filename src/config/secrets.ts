import { statSync } from "node:fs";
import { OidcTokenError } from "../errors.js";
import { readText } from "../files/read.js";
import type { Environment } from "../paths.js";
import type { KeyReference, SecretReference } from "../profile.js";
import { CONTROL_CHARACTER, printable } from "../text.js";

const MOST_BYTES = 64 * 1024;
const OTHERS_MAY_READ = 0o044;

/**
 * The secret a reference points to. `{keyring}` is the store's to answer. Throws an OidcTokenError of kind
 * `configuration` that names the variable or the file, never what is in it. `key` is the profile's key.
 */
export function resolveSecret(
  reference: Exclude<SecretReference, { readonly from: "keyring" }>,
  key: string,
  surroundings: { readonly env: Environment },
): string {
  const { value, source } = textOf(reference, key, surroundings.env);
  if (reference.from !== "plain" && CONTROL_CHARACTER.test(value)) {
    throw new OidcTokenError(
      "configuration",
      `${source} (for "${key}") holds a control character or more than one line`,
      "keep the secret alone, on one line",
    );
  }
  return value;
}

/** A key or certificate, which may have many lines. Throws as resolveSecret does. */
export function resolveKey(
  reference: KeyReference,
  key: string,
  surroundings: { readonly env: Environment },
): string {
  return textOf(reference, key, surroundings.env).value;
}

function textOf(
  reference: KeyReference,
  key: string,
  env: Environment,
): { readonly value: string; readonly source: string } {
  if (reference.from === "plain") return { value: reference.value, source: `"${key}"` };
  return reference.from === "env" ? fromVariable(reference.name, key, env) : fromFile(reference.path, key);
}

/** A sentence about a file with a secret that others on this machine may read; undefined where all is well. */
export function exposedSecret(
  reference: SecretReference | undefined,
  platform: NodeJS.Platform,
): string | undefined {
  if (reference?.from !== "file" || platform === "win32") return undefined;
  const mode = modeOf(reference.path);
  if (mode === undefined || (mode & OTHERS_MAY_READ) === 0) return undefined;
  const octal = mode.toString(8).padStart(4, "0");
  return `${printable(reference.path)} can be read by other users of this machine (mode ${octal})`;
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
