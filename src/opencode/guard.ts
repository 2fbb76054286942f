import { homedir } from "node:os";
import { resolve } from "node:path";

/** Throws where a tool would read a secret. Defence in depth and no wall: an agent with a shell finds other ways. */
export function guard(args: object, directory: string, secrets: readonly string[]): void {
  for (const [key, value] of Object.entries(args)) {
    if (typeof value !== "string") continue;
    const expanded = value.replace(/~(?=[/\\])|\$HOME\b|\$\{HOME\}/g, homedir());
    const text = /path/i.test(key) ? resolve(directory, expanded) : expanded;
    if (secrets.some((secret) => text.includes(secret))) {
      throw new Error("oidc-token keeps its store and the files that hold its secrets from tools");
    }
    if (/\boidc-token\b[^|;&\n]*\sget\b/.test(text)) {
      throw new Error("oidc-token gives tools no token; use oidc_token_status or oidc_token_refresh");
    }
    if (/\boidc-token\b[^|;&\n]*\strust\b/.test(text)) {
      throw new Error("what a project may do is for a person to say: ask for oidc-token trust to be run");
    }
  }
}
