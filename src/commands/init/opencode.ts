import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readDocument } from "../../config/document.js";
import type { Context } from "../../context.js";
import { isOidcTokenError } from "../../errors.js";
import { asObject, printable, quote } from "../../text.js";

/** Ids of OpenCode's own catalogue that a profile is likely to be called by; taking one would mix the two up. */
const CATALOGUE_IDS = ["oci", "google", "gitlab"];

/** What OpenCode was told, as far as the move from another plugin goes. */
export interface OpenCodeSetting {
  /** The entries of `plugin`, with `file:line:column`. */
  readonly plugins: readonly { readonly at: string; readonly name: string }[];
  /** The providers that have an address of their own. */
  readonly providers: readonly { readonly id: string; readonly base_url: string }[];
  /** What could not be read, in sentences. */
  readonly unreadable: readonly string[];
}

/** Where OpenCode keeps what belongs to the user. */
export function openCodeFolders({ env, paths }: Pick<Context, "env" | "paths">): readonly string[] {
  const folders = [env.XDG_CONFIG_HOME || undefined, join(paths.home, ".config")];
  return [...new Set(folders.filter((folder) => folder !== undefined))].map((folder) =>
    join(folder, "opencode"),
  );
}

/** Reads OpenCode's configuration of this project and of the user. What is wrong in it is told, not thrown. */
export function readOpenCode(context: Pick<Context, "env" | "paths" | "cwd">): OpenCodeSetting {
  const plugins: { at: string; name: string }[] = [];
  const providers: { id: string; base_url: string }[] = [];
  const unreadable: string[] = [];
  const folders = [context.cwd, join(context.cwd, ".opencode"), ...openCodeFolders(context)];
  for (const folder of new Set(folders)) {
    for (const file of ["opencode.json", "opencode.jsonc", "config.json"]) {
      // Anybody's configuration is called config.json.
      if (file === "config.json" && folder === context.cwd) continue;
      try {
        const document = readDocument(join(folder, file));
        const setting = asObject(document?.value) ?? {};
        for (const [index, entry] of asList(setting.plugin).entries()) {
          const name = Array.isArray(entry) ? entry[0] : entry;
          if (document && typeof name === "string")
            plugins.push({ at: document.at(["plugin", index]), name });
        }
        for (const [id, provider] of Object.entries(asObject(setting.provider) ?? {})) {
          const base_url = asObject(asObject(provider)?.options)?.baseURL;
          if (typeof base_url === "string") providers.push({ id, base_url: substituted(base_url, context) });
        }
      } catch (error) {
        if (!isOidcTokenError(error)) throw error;
        unreadable.push(`${error.message}, so what OpenCode is told there is not known`);
      }
    }
    if (folder !== context.cwd) plugins.push(...droppedPlugins(folder));
  }
  return { plugins, providers, unreadable };
}

/** The provider's id in OpenCode where it should not be the profile's name. */
export function providerId(
  { providers }: OpenCodeSetting,
  name: string,
  base_url: string | undefined,
): string | undefined {
  if (base_url === undefined) return undefined;
  const same = providers.find((provider) => bare(provider.base_url) === bare(base_url));
  const id = same?.id ?? (CATALOGUE_IDS.includes(name) ? `${name}-oidc` : name);
  return id === name ? undefined : id;
}

/** What to change in OpenCode's configuration, in sentences. `setup`: the command that lists our plugin. */
export function openCodeLines(
  { plugins, unreadable }: OpenCodeSetting,
  old_plugins: readonly RegExp[],
  ids: readonly string[],
  setup: string,
): readonly string[] {
  const old = plugins.filter(
    ({ name }) => !isOurs(name) && old_plugins.some((pattern) => pattern.test(name)),
  );
  const ours = plugins.some(({ name }) => isOurs(name));
  const remove =
    old.length === 0
      ? ['in opencode.json take the old plugin out of "plugin"']
      : old.map(({ at, name }) => `${at}: take out the old plugin ${quote(name)}`);
  const add = ours
    ? '"oidc-token" is in "plugin" already'
    : `${old.length === 0 ? "" : "in its place "}add our plugin: ${setup}`;
  const models = ids.map((id) => `models are called "${id}/<model>" in OpenCode; set "model" to one of them`);
  return [...unreadable, ...remove, add, ...models];
}

function isOurs(name: string): boolean {
  return /^oidc-token(?:@|$)/.test(name);
}

/** Plugins that are files in OpenCode's own folders. */
function droppedPlugins(folder: string): { at: string; name: string }[] {
  return ["plugin", "plugins"].flatMap((sub) => {
    try {
      const names = readdirSync(join(folder, sub)).filter((name) => /\.[cm]?[jt]s$/.test(name));
      return names.map((name) => ({ at: printable(join(folder, sub)), name }));
    } catch {
      return [];
    }
  });
}

/** OpenCode puts variables in where it reads `{env:NAME}`. */
function substituted(text: string, { env }: Pick<Context, "env">): string {
  return text.replace(/\{env:([^}]+)\}/g, (_, name: string) => env[name] ?? "");
}

function bare(url: string): string {
  return url.trim().replace(/\/+$/, "");
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
