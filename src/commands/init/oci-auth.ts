import { dirname } from "node:path";
import * as v from "valibot";
import { readDocument, validateDocument } from "../../config/document.js";
import { notList, obeys, oneOf, reference, string, text, url } from "../../config/schema/parts.js";
import { redirectComplaint, scopeComplaint } from "../../config/schema/rules.js";
import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import type { Document } from "../../files/jsonc.js";
import { given } from "../../given.js";
import { LOG_LEVELS } from "../../log.js";
import type { SecretReference } from "../../profile.js";
import { presetFor } from "../../providers/index.js";
import { printable, quote } from "../../text.js";
import { type Imported, refreshNote } from "./imported.js";
import { fileReference } from "./profile-options.js";

export const OCI_AUTH_FILE = "oci-auth.config.jsonc";

const entries = {
  domain_url: v.exactOptional(url()),
  client_id: v.exactOptional(text()),
  client_secret: v.exactOptional(reference("secret")),
  redirect_uri: v.exactOptional(v.pipe(string(), obeys(redirectComplaint))),
  scope: v.exactOptional(v.pipe(string(), obeys(scopeComplaint))),
  llm_base_url: v.exactOptional(url()),
  auth_method: v.exactOptional(oneOf(["confidential_app", "mobile_app"])),
  log_level: v.exactOptional(text()),
  log_file: v.exactOptional(text()),
};
const schema = notList(v.looseObject(entries, "must be an object, written in braces"));

/**
 * The profile an oci-auth.config.jsonc stands for; undefined where there is no such file. Throws an OidcTokenError of
 * kind `configuration` with file, line and column where it is wrong.
 */
export function readOciAuth(context: Context, path: string, from_project: boolean): Imported | undefined {
  const document = readDocument(path);
  if (!document) return undefined;
  const old = validateDocument(
    schema,
    withoutEmpty(document),
    ([key]) => (key === undefined ? "this" : quote(String(key))),
    () => Object.keys(entries),
  );
  const { domain_url, client_id, redirect_uri, llm_base_url } = old;
  if (domain_url === undefined) throw missing(document, "domain_url");
  if (client_id === undefined) throw missing(document, "client_id");
  const method = old.auth_method ?? (old.client_secret === undefined ? "mobile_app" : "confidential_app");
  const notes: string[] = [];
  if (old.auth_method === undefined) notes.push(`"auth_method" is not set, so it is taken for ${method}`);

  const { reference, plain } = secretOf(context, old.client_secret, path);
  const is_confidential = method === "confidential_app";
  if (!is_confidential && old.client_secret !== undefined)
    notes.push('"client_secret" was left out: a mobile application has none');
  if (is_confidential && reference === undefined)
    notes.push("there is no client_secret in it, so login will ask for the secret once");
  if (old.log_level !== undefined || old.log_file !== undefined) notes.push(logNote(context, old.log_level));
  const others = Object.keys(old).filter((key) => !Object.hasOwn(entries, key));
  if (others.length > 0)
    notes.push(`not taken over, because not known here: ${others.map(quote).join(", ")}`);
  const scope = old.scope?.trim().replace(/ +/g, " ");

  return {
    source: printable(path),
    from_project,
    entry: {
      name: "oci",
      values: {
        preset: "oci",
        issuer: issuerOf(domain_url),
        flow: is_confidential ? "authorization_code" : "device_code",
        client_id,
        ...given({
          client_secret: is_confidential ? (reference ?? "{keyring}") : undefined,
          redirect_uri,
          scope,
          base_url: llm_base_url,
        }),
      },
    },
    ...given({ client_secret: is_confidential ? plain : undefined }),
    old_plugin: /(?:^|[^a-z])oci(?:[^a-z]|$)/i,
    notes: [...notes, ...refreshNote(scope)],
  };
}

/** Sample files come with keys that are there but empty. */
function withoutEmpty(document: Document): Document {
  const { value } = document;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return document;
  const filled = Object.entries(value).filter(([, part]) => part !== null && part !== "");
  return { ...document, value: Object.fromEntries(filled) };
}

/** A domain's endpoints lie at its root, whatever page of it was copied. */
function issuerOf(domain_url: string): string {
  const { origin } = new URL(domain_url);
  return presetFor(domain_url).name === "oci" ? origin : domain_url.replace(/\/+$/, "");
}

function secretOf(
  context: Context,
  secret: SecretReference | undefined,
  path: string,
): { readonly reference?: string; readonly plain?: string } {
  if (secret?.from === "env") return { reference: `{env:${secret.name}}` };
  if (secret?.from === "file") return { reference: fileReference(secret.path, dirname(path)) };
  if (secret?.from !== "plain") return secret ? { reference: "{keyring}" } : {};
  const plain = secret.value.trim();
  context.redactor.add(plain);
  return { reference: "{keyring}", plain };
}

function logNote(context: Context, level: string | undefined): string {
  const known = LOG_LEVELS.find((name) => name === level?.toLowerCase());
  const example = known ?? "debug";
  return `the log is set by the environment now, as in OIDC_TOKEN_LOG=${example}, and goes to ${printable(context.paths.log)}`;
}

function missing(document: Document, key: string): OidcTokenError {
  return new OidcTokenError(
    "configuration",
    `${document.at([key])}: ${quote(key)} is missing`,
    `add it, or write the profile by hand: oidc-token init --preset oci --issuer https://… --client-id …`,
  );
}
