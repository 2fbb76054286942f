import { join } from "node:path";
import type { Tool } from "../tool.js";

export const opencode: Tool = {
  name: "opencode",
  title: "OpenCode",
  sends: "headers",
  needs: ["base_url"],
  says: "Our plugin asks for a token for each request and repeats a request once after a 401. It needs nothing else: the models come from the profile's `base_url`.",
  plan: ({ env, home, clone }) => ({
    edits: [
      {
        path: join(env.XDG_CONFIG_HOME || join(home, ".config"), "opencode", "opencode.json"),
        format: "json",
        // OpenCode fetches a name from npm, and takes a folder as it is.
        settings: [{ place: ["plugin"], add: clone ?? "oidc-token", or: "oidc-token" }],
      },
    ],
    next: ["opencode models"],
  }),
};
