import { join } from "node:path";
import { keyringShim } from "../keyring-shim.js";
import type { Tool } from "../tool.js";
import { indexWithUser } from "./pip.js";

export const uv: Tool = {
  name: "uv",
  title: "uv",
  sends: "bearer",
  needs: ["url"],
  asks_for_host: true,
  says: "As pip: uv runs the first `keyring` on PATH, once for each command.",
  plan(asked) {
    const { env, home, platform } = asked;
    const folder =
      platform === "win32"
        ? env.APPDATA || join(home, "AppData", "Roaming")
        : env.XDG_CONFIG_HOME || join(home, ".config");
    const shim = keyringShim(asked);
    return {
      edits: [
        shim.edit,
        {
          path: join(folder, "uv", "uv.toml"),
          format: "toml",
          settings: [
            { place: ["keyring-provider"], value: "subprocess" },
            { place: ["index-url"], value: indexWithUser(asked.url) },
          ],
        },
      ],
      next: [`PATH="${shim.folder}:$PATH" uv sync`],
    };
  },
};
