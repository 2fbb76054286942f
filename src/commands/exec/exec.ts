import { type GlobalOptions, parseSeconds } from "../../arguments.js";
import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import { given } from "../../given.js";
import type { Environment } from "../../paths.js";
import { serveProfile } from "../../serve/serve-profile.js";
import { accessProfile, selectProfile } from "../../session/access.js";
import { obtain } from "../../session/obtain.js";
import { refuseAgent } from "../../session/refuse-agent.js";
import { isInteractive } from "../../terminal/interactive.js";
import { quote } from "../../text.js";
import { runChild } from "./child.js";
import { keepIdTokenFile } from "./id-token-file.js";
import { servingVariables } from "./variables.js";

export interface ExecOptions extends GlobalOptions {
  readonly env?: readonly string[];
  readonly idToken?: boolean;
  readonly idTokenFileEnv?: readonly string[];
  readonly serve?: boolean;
  readonly minValidity?: string;
}

/**
 * `exec`: runs a program with a token in its environment, in a file, or with an address in place of one. Answers the
 * program's exit code.
 */
export async function exec(context: Context, options: ExecOptions, argv: readonly string[]): Promise<number> {
  const { env: names = [], idTokenFileEnv: file_names = [] } = options;
  for (const name of [...names, ...file_names]) checkName(name);
  const min_validity = parseSeconds("--min-validity", options.minValidity);
  const profile = await selectProfile(context, options);
  refuseAgent(context, profile);
  const interactive = isInteractive(context, undefined);
  // Ctrl-C is the program's from now on: it may mean to end, or only to ask.
  const end = new AbortController();
  const own: Context = { ...context, interrupted: end.signal };
  const access = accessProfile(own, profile, interactive);
  const before = accessProfile(context, profile, interactive);
  let close = async (): Promise<void> => {};
  try {
    const told: Record<string, string | undefined> = {};
    const wants_token = names.length > 0 || (file_names.length === 0 && !options.serve);
    if (wants_token) {
      const asked = { interactive, id_token: options.idToken === true, ...given({ min_validity }) };
      const { access_token } = await obtain(context, before, asked);
      for (const name of names.length > 0 ? names : ["OIDC_TOKEN"]) told[name] = access_token;
    }
    if (file_names.length > 0) {
      const path = await keepIdTokenFile(own, access, interactive, end.signal);
      for (const name of file_names) told[name] = path;
    }
    if (options.serve) {
      const serving = await serveProfile(own, access, 0, interactive);
      close = serving.close;
      Object.assign(told, servingVariables(context.env, profile.api, serving));
    }
    context.interrupted.throwIfAborted();
    return await runChild(context, argv, merged(context.env, told));
  } finally {
    end.abort();
    await close();
  }
}

/** The environment with some variables set, and without those that are undefined. */
function merged(env: Environment, told: Environment): Environment {
  return given({ ...env, ...told });
}

function checkName(name: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return;
  throw new OidcTokenError(
    "usage",
    `${quote(name)} cannot be the name of a variable`,
    "name one as in: oidc-token exec --env API_TOKEN -- program",
  );
}
