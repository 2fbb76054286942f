import type { ProfileFacts } from "../commands/profiles.js";
import { lasting } from "./command/failure.js";

/** What may stand beside the plugin's name in opencode.json. Anything else is told to the person who wrote it. */
export interface Options {
  /** OpenCode's provider ids and the profile behind each; without it, every profile that has a `base_url`. */
  readonly providers?: Readonly<Record<string, { readonly profile: string }>>;
  /** Remote MCP servers by their names in opencode.json, and the profile whose token each takes. */
  readonly mcp?: Readonly<Record<string, { readonly profile: string }>>;
  /** The command to run in place of the package's own. */
  readonly command?: readonly string[];
}

const KNOWN = ["providers", "mcp", "command"];

/** A provider of OpenCode, and the profile behind it or what is wrong with its set-up. */
export type Attachment =
  | { readonly id: string; readonly profile: ProfileFacts; readonly problem?: undefined }
  | { readonly id: string; readonly profile?: undefined; readonly problem: Error };

/** The providers that options and profiles make. `unreadable`: why there are no profiles, where there are none. */
export function attachments(
  options: Options,
  profiles: readonly ProfileFacts[],
  unreadable: Error | undefined,
): readonly Attachment[] {
  const strange = Object.entries(options)
    .filter(([name]) => !KNOWN.includes(name))
    .map(([id, value]) => {
      const profile = typeof value === "string" ? value : "NAME";
      const sentence = `the oidc-token plugin has no option "${id}"; write `;
      return { id, problem: lasting(`${sentence}{ "providers": { "${id}": { "profile": "${profile}" } } }`) };
    });
  if (!options.providers) {
    const all = profiles.filter(({ base_url }) => base_url);
    return [...strange, ...all.map((profile) => ({ id: profile.provider, profile }))];
  }
  const named = Object.entries(options.providers).map(([id, entry]) => {
    const name: unknown = (entry as { profile?: unknown } | null)?.profile;
    if (typeof name !== "string") return { id, problem: misshapen(id, entry) };
    const profile = profiles.find((each) => each.profile === name);
    return profile ? { id, profile } : { id, problem: unreadable ?? unknownProfile(name, profiles) };
  });
  return [...strange, ...named];
}

function misshapen(id: string, entry: unknown): Error {
  const profile = typeof entry === "string" ? entry : "NAME";
  return lasting(
    `the options of the oidc-token plugin say "${id}": ${JSON.stringify(entry)}; ` +
      `write "${id}": { "profile": "${profile}" }`,
  );
}

function unknownProfile(name: string, profiles: readonly ProfileFacts[]): Error {
  const there = profiles.map(({ profile }) => `"${profile}"`).join(", ");
  return lasting(
    there === ""
      ? `oidc-token has no profile "${name}", nor any other; run: oidc-token init`
      : `oidc-token has no profile "${name}", which the plugin's options in opencode.json name; it has ${there}`,
  );
}
