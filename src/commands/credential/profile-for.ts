import type { LoadedConfig } from "../../config/load.js";
import { attempt, OidcTokenError } from "../../errors.js";
import type { Profile } from "../../profile.js";
import { quoteAll } from "../../text.js";

/**
 * The profile whose token may go to one of these addresses: scheme, host and port are in its `allowed_origins`, exactly.
 * Of several the one whose `base_url` leads furthest into the path, else the default. Undefined where there is none: a
 * tool asks for any host. With a name only that profile counts. Throws `configuration` where it can't be told.
 */
export function profileFor(
  config: Pick<LoadedConfig, "names" | "profile" | "selected">,
  urls: readonly string[],
  name: string | undefined,
): Profile | undefined {
  const may = (profile: Profile | undefined, url: string): profile is Profile =>
    profile?.allowed_origins.includes(new URL(url).origin) === true;
  // What is wrong with one profile keeps no other from its hosts.
  const profiles =
    name === undefined
      ? config.names.map((each) => attempt(() => config.profile(each)))
      : [config.profile(name)];
  for (const url of urls) {
    const candidates = profiles.filter((profile) => may(profile, url)) as Profile[];
    if (candidates.length > 0) return furthest(candidates, url);
  }
  return undefined;
}

function furthest(candidates: readonly Profile[], url: string): Profile {
  const reach = (profile: Profile): number => depth(profile.base_url, url);
  const most = Math.max(...candidates.map(reach));
  const best = candidates.filter((profile) => reach(profile) === most);
  const [only, another] = best;
  const chosen = another ? best.find(({ is_default }) => is_default) : only;
  if (chosen) return chosen;
  throw new OidcTokenError(
    "configuration",
    `the profiles ${quoteAll(best.map(({ name }) => name))} may all send their token to ${new URL(url).origin}`,
    "name one with --profile, or make one of them the default_profile",
  );
}

/** How many segments of the path an address shares with a `base_url` that it lies below; -1 where it does not. */
function depth(base_url: string | undefined, url: string): number {
  if (base_url === undefined) return -1;
  const base = new URL(base_url);
  const asked = new URL(url);
  const path = base.pathname.replace(/\/+$/, "");
  if (base.origin !== asked.origin || !`${asked.pathname}/`.startsWith(`${path}/`)) return -1;
  return path.split("/").length - 1;
}
