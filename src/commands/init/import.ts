import { join, resolve } from "node:path";
import type { GlobalOptions } from "../../arguments.js";
import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { given } from "../../given.js";
import { expandHome } from "../../paths.js";
import { printable } from "../../text.js";
import type { Imported } from "./imported.js";
import { OCI_AUTH_FILE, readOciAuth } from "./oci-auth.js";
import { OKTA_VARIABLES, readOktaEnvironment } from "./okta-environment.js";
import { type OpenCodeSetting, openCodeFolders, providerId } from "./opencode.js";
import { profileName } from "./profile-options.js";

/**
 * What the plugins used before were told: the file that is named, else the first oci-auth.config.jsonc and the
 * environment. Throws an OidcTokenError of kind `configuration` where there is nothing or something is wrong.
 */
export function findImports(
  context: Context,
  options: GlobalOptions,
  named: string | undefined,
  setting: OpenCodeSetting,
): readonly Imported[] {
  const found = named === undefined ? search(context) : [readNamed(context, named)];
  if (options.profile !== undefined && found.length > 1) {
    throw new OidcTokenError(
      "usage",
      `--profile names one profile, and there are ${found.length} to import: ${found.map(({ source }) => source).join(" and ")}`,
      "leave it out, or name the one file to import: oidc-token init --import FILE",
    );
  }
  return found.map((imported) => {
    const name = profileName(options.profile ?? imported.entry.name);
    const { base_url } = imported.entry.values;
    const provider = providerId(setting, name, typeof base_url === "string" ? base_url : undefined);
    const values = { ...imported.entry.values, ...given({ provider }) };
    return { ...imported, entry: { name, values } };
  });
}

function readNamed(context: Context, named: string): Imported {
  if (named === "")
    throw new OidcTokenError("usage", "--import names no file", "write its path after it, or nothing");
  const path = resolve(context.cwd, expandHome(named, context.paths.home));
  const imported = readOciAuth(context, path, false);
  if (imported) return imported;
  throw new OidcTokenError(
    "configuration",
    `${printable(path)}, named by --import, does not exist`,
    `correct the path, or leave it out to have ${OCI_AUTH_FILE} searched for`,
  );
}

function search(context: Context): readonly Imported[] {
  const folders = [...new Set([context.cwd, ...openCodeFolders(context)])];
  const found: Imported[] = [];
  for (const folder of folders) {
    const imported = readOciAuth(context, join(folder, OCI_AUTH_FILE), folder === context.cwd);
    if (!imported) continue;
    found.push(imported);
    break;
  }
  const okta = readOktaEnvironment(context);
  if (okta) found.push(okta);
  if (found.length > 0) return found;
  throw new OidcTokenError(
    "configuration",
    `there is nothing to import: no ${OCI_AUTH_FILE} in ${folders.map(printable).join(" or ")}, and none of ${OKTA_VARIABLES.join(", ")} is set`,
    "name the file: oidc-token init --import FILE, or begin anew: oidc-token init",
  );
}
