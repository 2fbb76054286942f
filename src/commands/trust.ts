import { dirname, join, resolve } from "node:path";
import kleur from "kleur";
import type { GlobalOptions } from "../arguments.js";
import { loadConfig } from "../config/load.js";
import { findProjectFile, type ProjectFile, readProjectFile } from "../config/project-file.js";
import { PROJECT_FILE } from "../config/project-places.js";
import { readTrustList, type TrustList, writeTrustList } from "../config/trust.js";
import type { Context } from "../context.js";
import { isOidcTokenError, OidcTokenError } from "../errors.js";
import { realOf } from "../paths.js";
import type { Profile } from "../profile.js";
import { holdLock } from "../session/hold-lock.js";
import { refuseAgent } from "../session/refuse-agent.js";
import { sha256 } from "../sha256.js";
import { table } from "../terminal/table.js";
import { tell } from "../terminal/tell.js";
import { printable, quote } from "../text.js";

export interface TrustOptions extends GlobalOptions {
  readonly list?: boolean;
  readonly revoke?: boolean;
}

/** Seconds to wait for another `trust`. */
const LOCK_TIMEOUT = 10;

/** `trust`: lets a project's own file define profiles, while it stays where it is and as it is. */
export async function trust(context: Context, options: TrustOptions, args: readonly string[]): Promise<void> {
  if (options.list) return list(context);
  refuseAgent(context);
  const [folder] = args;
  if (folder === "")
    throw new OidcTokenError("usage", "trust needs a folder, or none", "name the folder of the project");
  await (options.revoke ? revoke(context, folder) : trustOne(context, options, folder));
}

async function trustOne(context: Context, options: TrustOptions, folder: string | undefined): Promise<void> {
  const { file, hash } = look(context, folder);
  const names = Object.keys(file.profiles);
  if (names.length === 0) {
    tell(context, `${printable(file.path)} defines no profile, so there is nothing to trust it with`);
    return;
  }
  // Everything that could be refused later is refused now, before it counts.
  const place = { ...context, cwd: dirname(file.path), trust: () => "trusted" as const };
  const config = loadConfig(place, { config: options.config });
  const profiles = names.map((name) => config.profile(name));
  await change(context, (trusted) => trusted.set(file.path, hash));
  for (const profile of profiles) tell(context, `trusted with ${describe(profile)}`);
  context.stdout.write(`${printable(file.path)}\n`);
}

/** The file as it is to be trusted, and the hash of the very text that was looked through. */
function look(context: Context, folder: string | undefined): { file: ProjectFile; hash: string } {
  let hash = "";
  const remember = (_path: string, text: string) => {
    hash = sha256(text);
    return "trusted" as const;
  };
  const { cwd, paths } = context;
  const found = folder === undefined ? findProjectFile(cwd, paths.home, remember) : undefined;
  const path = folder === undefined ? undefined : join(resolve(cwd, folder), PROJECT_FILE);
  const file = path === undefined ? found?.file : readProjectFile(path, remember);
  if (file) return { file, hash };
  const [foreign] = found?.foreign ?? [];
  throw foreign === undefined
    ? new OidcTokenError(
        "configuration",
        path === undefined
          ? `there is no ${PROJECT_FILE} in this folder or above it`
          : `${printable(path)} does not exist`,
        "name the project's folder: oidc-token trust FOLDER",
      )
    : new OidcTokenError(
        "configuration",
        `${printable(foreign)} belongs to another user, so it is never trusted`,
        "make the file your own first, or copy what you need of it into your own configuration file",
      );
}

function describe({ name, flow, issuer, base_url }: Profile): string {
  const from = issuer === undefined ? "" : `, signs in at ${printable(issuer)}`;
  const to = base_url === undefined ? "" : `, sends its token to ${new URL(base_url).origin}`;
  return `profile ${quote(name)} (${flow.join(", ")})${from}${to}`;
}

async function revoke(context: Context, folder: string | undefined): Promise<void> {
  const asked = resolve(context.cwd, folder ?? ".");
  const start = realOf(asked) ?? asked;
  let taken_back: string | undefined;
  await change(context, (trusted) => {
    taken_back = nearestOf(trusted, start, folder === undefined);
    if (taken_back !== undefined) trusted.delete(taken_back);
  });
  if (taken_back === undefined)
    tell(context, `no project file is trusted in ${printable(start)}; see oidc-token trust --list`);
  else context.stdout.write(`${printable(taken_back)}\n`);
}

/** The trusted file of a folder, or also of one above it; it need not be there any more. */
function nearestOf(trusted: TrustList, start: string, upwards: boolean): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, PROJECT_FILE);
    if (trusted.has(path)) return path;
    if (!upwards || folder === dirname(folder)) return undefined;
  }
}

function list(context: Context): void {
  const trusted = readTrustList(context.paths.data);
  if (trusted.size === 0) {
    tell(context, "no project file is trusted");
    return;
  }
  const rows = [...trusted].map(([path, hash]) => [printable(path), stateOf(path, hash)]);
  context.stdout.write(`${table([["FILE", "STATE"].map((title) => kleur.bold(title)), ...rows])}\n`);
}

function stateOf(path: string, hash: string): string {
  let is_same = false;
  const compare = (_path: string, text: string) => {
    is_same = sha256(text) === hash;
    return "trusted" as const;
  };
  try {
    if (!readProjectFile(path, compare)) return "gone";
  } catch (error) {
    if (!isOidcTokenError(error)) throw error;
  }
  return is_same ? "trusted" : "changed";
}

async function change(context: Context, edit: (trusted: Map<string, string>) => void): Promise<void> {
  const { data } = context.paths;
  await holdLock(
    context,
    "trust",
    LOCK_TIMEOUT,
    async () => {
      const trusted = new Map(readTrustList(data));
      edit(trusted);
      writeTrustList(data, trusted);
    },
    "the list of trusted projects",
  );
}
