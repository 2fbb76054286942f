import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { ProfileFacts } from "../commands/profiles.js";
import { lasting } from "./command/failure.js";
import type { Attachment } from "./options.js";

/** Where an entry of OpenCode's `plugin` list came from, as its configuration keeps it (1.18). */
export interface Origin {
  readonly spec: string | readonly [string, object];
  readonly source: string;
  readonly scope: "global" | "local";
}

interface Known {
  readonly attached: readonly Attachment[];
  readonly profiles: readonly ProfileFacts[];
  readonly origins: readonly Origin[];
}

/**
 * Why a provider is none of ours that somebody may have meant to be, or undefined where that is not ours to say. OpenCode
 * shows it only for one that it does not know itself.
 */
export function strangerProblem(id: string, { attached, profiles, origins }: Known): Error | undefined {
  const addressless = profiles.find(({ provider, base_url }) => provider === id && !base_url);
  if (addressless) {
    return lasting(
      `profile "${addressless.profile}" of oidc-token has no base_url, the address of its models, so OpenCode has no ` +
        `provider "${id}"; add it to the file that \`oidc-token config path\` names`,
    );
  }
  const project = origins.find(({ spec, scope }) => scope === "local" && ours(spec));
  const there = attached.map((each) => `"${each.id}"`).join(", ");
  if (project) {
    return lasting(
      `there is no provider "${id}": ${project.source} lists the oidc-token plugin too, and its entry replaces yours ` +
        `with its options; take it out there, or repeat your options. It makes ${there || "no provider"}`,
    );
  }
  const meant = attached.find((each) => alike(each.id, id));
  if (meant) return lasting(`there is no provider "${id}"; oidc-token has "${meant.id}"`);
  if (profiles.length === 0) return lasting("oidc-token has no profile yet; run: oidc-token init");
  return undefined;
}

function ours(spec: Origin["spec"]): boolean {
  const name = typeof spec === "string" ? spec : spec[0];
  if (/^oidc-token(?:@|$)/.test(name)) return true;
  // A file, or the folder of the package.
  const url = isAbsolute(name) ? pathToFileURL(name).href : name;
  return import.meta.url === url || import.meta.url.startsWith(`${url.replace(/\/$/, "")}/`);
}

/** Whether one is the other but for every third letter at most (Levenshtein). */
function alike(one: string, other: string): boolean {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...one].entries()) {
    const above = row;
    row = [i + 1];
    for (let j = 1; j <= other.length; j++) {
      const swap = (above[j - 1] ?? 0) + (letter === other[j - 1] ? 0 : 1);
      row.push(Math.min(swap, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return (row.at(-1) ?? 0) <= other.length / 3;
}
