import { addressOf } from "./address.js";
import { type Given, NOTHING, type Protocol, USER } from "./protocol.js";

/** git-credential(1), the helper's side. */
export const git: Protocol = {
  reads: "paragraph",
  ask([action], text) {
    const asked = new Map<string, string>();
    const capabilities: string[] = [];
    // No other end of line counts: a host with one in it is another host to git.
    for (const line of text.split("\n")) {
      const [, key = "", value = ""] = /^([^=]+)=(.*)$/.exec(line) ?? [];
      if (key === "capability[]") capabilities.push(value);
      asked.set(key, value);
    }
    const urls = addressOf(asked.get("protocol") ?? "", asked.get("host") ?? "", asked.get("path") ?? "");
    if (action === "get") {
      const user = asked.get("username") ?? USER;
      const knows_schemes = capabilities.includes("authtype");
      return {
        wants: "token",
        urls,
        none: { text: "" },
        given: (given) => answer(given, user, knows_schemes),
      };
    }
    const secret = asked.get("credential") ?? asked.get("password");
    return action === "erase" && secret ? { wants: "another", urls, secret } : NOTHING;
  },
};

/** Before git 2.46 a helper could only give a user and a password, for Basic. */
function answer({ token, header, value, expires_at }: Given, user: string, knows_schemes: boolean): string {
  const [, scheme] = /^(\S+) \S+$/.exec(value) ?? [];
  const lines =
    knows_schemes && scheme !== undefined && header.toLowerCase() === "authorization"
      ? ["capability[]=authtype", `authtype=${scheme}`, `credential=${token}`, "ephemeral=1"]
      : [`username=${user}`, `password=${token}`];
  if (expires_at !== undefined) lines.push(`password_expiry_utc=${Math.floor(expires_at)}`);
  return `${lines.join("\n")}\n`;
}
