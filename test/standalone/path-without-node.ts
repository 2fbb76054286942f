import { mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(
  new URL("../../node_modules/.cache/oidc-token-standalone/path", import.meta.url),
);
const RUNTIMES = /^(?:node|nodejs|npm|npx|corepack|bun|bunx|deno|oidc-token)(?:\.\w+)?$/;

/** A PATH with all that is on this one, but for what could run the script and another program of our name. On Windows PATH itself: links take rights there. */
export function pathWithoutNode(): string {
  const { PATH = "" } = process.env;
  if (process.platform === "win32") return PATH;
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const taken = new Set<string>();
  for (const folder of PATH.split(delimiter)) {
    for (const name of folder === "" || folder.includes("node_modules") ? [] : names(folder)) {
      if (taken.has(name) || RUNTIMES.test(name)) continue;
      taken.add(name);
      symlinkSync(join(folder, name), join(FOLDER, name));
    }
  }
  return FOLDER;
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
