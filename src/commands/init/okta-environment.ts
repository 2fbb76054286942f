import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { given } from "../../given.js";
import { printable } from "../../text.js";
import { type Imported, refreshNote } from "./imported.js";

export const OKTA_VARIABLES = [
  "OKTA_ISSUER",
  "OKTA_CLIENT_ID",
  "OKTA_AUDIENCE",
  "OKTA_SCOPES",
  "HAIILO_AI_BASE_URL",
] as const;

/** The variable each key of the profile came from. */
export const OKTA_VARIABLE_OF: Readonly<Record<string, string>> = {
  issuer: "OKTA_ISSUER",
  client_id: "OKTA_CLIENT_ID",
  scope: "OKTA_SCOPES",
  base_url: "HAIILO_AI_BASE_URL",
};

/**
 * The profile the variables stand for; undefined where none is set. Throws an OidcTokenError of kind `configuration`
 * that names the variable where one is missing.
 */
export function readOktaEnvironment({ env }: Pick<Context, "env">): Imported | undefined {
  const [issuer, client_id, audience, scopes, base_url] = OKTA_VARIABLES.map(
    (name) => env[name]?.trim() || undefined,
  );
  const set = OKTA_VARIABLES.filter((name) => env[name]?.trim());
  if (set.length === 0) return undefined;
  if (issuer === undefined) throw notSet("OKTA_ISSUER", set);
  if (client_id === undefined) throw notSet("OKTA_CLIENT_ID", set);
  const scope = scopes?.replace(/[\s,]+/g, " ");
  const notes: string[] = [];
  if (audience !== undefined) {
    notes.push(
      `OKTA_AUDIENCE was left out: Okta takes the audience from the authorization server, so look there whether it is ${printable(audience)}`,
    );
  }
  if (base_url === undefined) {
    notes.push(
      'HAIILO_AI_BASE_URL is not set: OpenCode shows the profile only once it has a "base_url" in the file',
    );
  } else {
    notes.push(
      `a fixed API key for the same service goes into a profile of its own: oidc-token init --profile okta-key --flow static_key --key '{keyring}' --base-url ${printable(base_url)}`,
    );
  }
  return {
    source: `the environment (${set.join(", ")})`,
    from_project: false,
    entry: {
      name: "okta",
      values: {
        preset: "okta",
        issuer: issuer.replace(/\/+$/, ""),
        flow: "device_code",
        client_id,
        ...given({ scope, base_url }),
      },
    },
    old_plugin: /okta|haiilo/i,
    notes: [...notes, ...refreshNote(scope)],
  };
}

function notSet(name: string, set: readonly string[]): OidcTokenError {
  return new OidcTokenError(
    "configuration",
    `${set.join(", ")} ${set.length === 1 ? "is" : "are"} set, but ${name} is not`,
    `set ${name} and run it again, or name the one file to import: oidc-token init --import FILE`,
  );
}
