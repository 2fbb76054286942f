import { join } from "node:path";
import { keyringShim } from "../keyring-shim.js";
import type { Asked, Tool } from "../tool.js";

/** The index with the user that makes pip and uv ask a keyring for a password. */
export function indexWithUser(url: URL): string {
  const index = new URL(url);
  index.username = "oauth2";
  return index.href;
}

function pipFile({ env, home, platform }: Asked): string {
  if (env.PIP_CONFIG_FILE) return env.PIP_CONFIG_FILE;
  if (platform === "win32") return join(env.APPDATA || join(home, "AppData", "Roaming"), "pip", "pip.ini");
  return join(env.XDG_CONFIG_HOME || join(home, ".config"), "pip", "pip.conf");
}

export const pip: Tool = {
  name: "pip",
  title: "pip",
  sends: "bearer",
  needs: ["url"],
  asks_for_host: true,
  says: "pip runs the first `keyring` on PATH, so ours lies in a folder of its own that is put on PATH for pip only; what it does not know it hands on to the keyring that comes next. The token is the password of `oauth2`. A refused token is not asked for again.",
  plan(asked) {
    const shim = keyringShim(asked);
    return {
      edits: [
        shim.edit,
        {
          path: pipFile(asked),
          format: "ini",
          settings: [
            { place: ["global", "keyring-provider"], value: "subprocess" },
            { place: ["global", "index-url"], value: indexWithUser(asked.url) },
          ],
        },
      ],
      next: [`PATH="${shim.folder}:$PATH" pip install <package>`],
    };
  },
};
