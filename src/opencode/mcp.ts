import type { ProfileFacts } from "../commands/profiles.js";
import { type Attachment, attachments, type Options } from "./options.js";
import type { Relay } from "./relay.js";
import type { Fetch } from "./requests/requests.js";

/** What is read and written here of an entry under `mcp` in OpenCode's configuration. */
interface Entry {
  readonly type?: string;
  readonly url?: string;
  readonly enabled?: boolean;
  readonly oauth?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface McpConfig {
  mcp?: Record<string, Entry>;
}

interface Known {
  readonly options: Options;
  readonly profiles: readonly ProfileFacts[];
  readonly unreadable: Error | undefined;
}

/**
 * Puts the relay in the place of the remote MCP servers that take a profile's token: those that the options name, and with
 * `"mcp": true` in a profile those at its `allowed_origins` that have no credentials of their own. OpenCode's client knows
 * only headers that stand from its start to its end, and a token does not live as long.
 */
export async function relayServers(
  { mcp = {} }: McpConfig,
  { options, profiles, unreadable }: Known,
  relay: Relay,
  fetchFor: (attachment: Attachment) => Fetch,
): Promise<void> {
  const named = attachments({ providers: options.mcp ?? {} }, profiles, unreadable);
  for (const [name, entry] of Object.entries(mcp)) {
    if (entry?.type !== "remote" || entry.enabled === false || !URL.canParse(entry.url ?? "")) continue;
    const address = new URL(entry.url ?? "");
    const attachment = named.find(({ id }) => id === name) ?? willing(name, entry, address, profiles);
    if (!attachment) continue;
    const { url, key } = await relay.standFor(address, fetchFor(attachment));
    const others = Object.entries(entry.headers ?? {}).filter(([header]) => !isAuthorization(header));
    const headers = { ...Object.fromEntries(others), Authorization: `Bearer ${key}` };
    mcp[name] = { ...entry, url, oauth: false, headers };
  }
}

function willing(
  id: string,
  { headers = {}, oauth }: Entry,
  { origin }: URL,
  profiles: readonly ProfileFacts[],
): Attachment | undefined {
  const has_own = Object.keys(headers).some(isAuthorization) || (typeof oauth === "object" && oauth !== null);
  if (has_own) return undefined;
  const fits = profiles.filter(({ mcp, allowed_origins }) => mcp && allowed_origins.includes(origin));
  const profile = fits.find((each) => each.default) ?? fits[0];
  return profile && { id, profile };
}

function isAuthorization(header: string): boolean {
  return header.toLowerCase() === "authorization";
}
