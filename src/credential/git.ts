import { addressOf } from "./address.js";
import { type Given, NOTHING, type Protocol, USER } from "./protocol.js";

/** git-credential(1), the helper's side. */
export const git: Protocol = {
  reads: "paragraph",
  ask([action], text) {
    const asked = new Map<string, string>();
    const lists = new Map<string, readonly string[]>();
    // No other end of line counts: a host with one in it is another host to git.
    for (const line of text.split("\n")) {
      const [, key = "", value = ""] = /^([^=]+)=(.*)$/.exec(line) ?? [];
      // Nothing as a value begins a list anew.
      if (key.endsWith("[]")) lists.set(key, value === "" ? [] : [...(lists.get(key) ?? []), value]);
      else asked.set(key, value);
    }
    const urls = addressOf(asked.get("protocol") ?? "", asked.get("host") ?? "", asked.get("path") ?? "");
    if (action === "get") {
      const user = asked.get("username");
      const takes = (scheme: string): boolean =>
        lists.get("capability[]")?.includes("authtype") === true &&
        serverTakes(scheme, lists.get("wwwauth[]") ?? [], user);
      return {
        wants: "token",
        urls,
        none: { text: "" },
        given: (given) => answer(given, user ?? USER, takes),
      };
    }
    const secret = asked.get("credential") ?? asked.get("password");
    return action === "erase" && secret ? { wants: "another", urls, secret } : NOTHING;
  },
};

/**
 * Whether a server that asks with these challenges takes a token in another scheme than Basic. Many hosts of git only know
 * tokens as passwords. Before it has asked, a user in the address speaks for that.
 */
function serverTakes(scheme: string, challenges: readonly string[], user: string | undefined): boolean {
  if (challenges.length === 0) return user === undefined;
  const schemes = challenges.flatMap((challenge) =>
    challenge
      .replace(/"(?:[^"\\]|\\.)*"/g, '""')
      .split(",")
      .map((part) => /^\s*([^\s=]+)(?:\s+[^\s=]|\s*$)/.exec(part)?.[1]?.toLowerCase()),
  );
  return schemes.includes(scheme.toLowerCase()) || !schemes.includes("basic");
}

/** Before git 2.46 a helper could only give a user and a password, for Basic. */
function answer(
  { token, header, value, expires_at }: Given,
  user: string,
  takes: (scheme: string) => boolean,
): string {
  const [, scheme] = /^(\S+) \S+$/.exec(value) ?? [];
  const lines =
    scheme !== undefined && header.toLowerCase() === "authorization" && takes(scheme)
      ? ["capability[]=authtype", `authtype=${scheme}`, `credential=${token}`, "ephemeral=1"]
      : [`username=${user}`, `password=${token}`];
  if (expires_at !== undefined) lines.push(`password_expiry_utc=${Math.floor(expires_at)}`);
  return `${lines.join("\n")}\n`;
}
