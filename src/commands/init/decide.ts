import { isIP } from "node:net";
import type { Flow } from "../../profile.js";
import { generic } from "../../providers/generic.js";
import { presetNamed } from "../../providers/index.js";
import type { Preset } from "../../providers/preset.js";
import { DEVICE_GRANT, type Found, type FoundServer } from "../../token/discovery.js";

/** The preset of a provider that was found. */
export function presetOfServer({ preset }: FoundServer): Preset {
  return presetNamed(preset) ?? generic;
}

/** How people can sign in there, by what the provider announces; where nobody can, how a service does. */
export function flowsOf(server: FoundServer): readonly Flow[] {
  const { endpoints, grants } = server;
  const offered: Flow[] = [];
  if (endpoints.authorization_endpoint !== undefined && grants.includes("authorization_code"))
    offered.push("authorization_code");
  if (endpoints.device_authorization_endpoint !== undefined && grants.includes(DEVICE_GRANT))
    offered.push("device_code");
  if (offered.length === 0 && grants.includes("client_credentials")) return ["client_credentials"];
  const preferred = presetOfServer(server).defaults.flow?.filter((flow) => offered.includes(flow));
  return preferred && preferred.length > 0 ? preferred : offered;
}

/** RFC 7591's names of the grants that these flows need. */
export function grantsFor(flow: readonly Flow[], server: FoundServer): readonly string[] {
  const own = flow.map((each) => (each === "device_code" ? DEVICE_GRANT : each));
  return server.grants.includes("refresh_token") || !flow.includes("client_credentials")
    ? [...own, "refresh_token"]
    : own;
}

/**
 * The scopes to ask for: what the API names, and what makes a session of it, as far as the provider has them. Undefined
 * where nobody says anything: then none are asked for.
 */
export function scopeFor({ api, server }: Found, flow: readonly Flow[]): string | undefined {
  const wanted = [...(api?.scopes ?? [])];
  if (!flow.includes("client_credentials")) {
    const { name, defaults } = presetOfServer(server);
    // A server that does not say what it has takes what the standard has.
    const usual = name === "generic" ? "openid offline_access" : (defaults.scope ?? "");
    const known = server.scopes ?? (server.openid ? usual.split(" ") : []);
    wanted.push(
      ...usual.split(" ").filter((scope) => scope !== "" && (name !== "generic" || known.includes(scope))),
    );
  }
  return wanted.length === 0 ? undefined : [...new Set(wanted)].join(" ");
}

/** A short name for a profile: the provider's where it is known, else the name in the host. */
export function nameFor(address: URL, server: FoundServer): string {
  if (server.preset !== "generic") return server.preset;
  const labels = address.hostname.split(".");
  const named = isIP(address.hostname) === 0 && labels.length > 1 ? (labels.at(-2) as string) : "default";
  return /^[a-z0-9][a-z0-9-]{0,40}$/.test(named) ? named : "default";
}

/** The name, or the first one like it that is free. */
export function freeName(name: string, taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!taken.includes(candidate)) return candidate;
  }
}
