import { join } from "node:path";
import type { Tool } from "../tool.js";

export const rclone: Tool = {
  name: "rclone",
  title: "rclone: a WebDAV remote",
  sends: "bearer",
  needs: ["url"],
  says: "`bearer_token_command` is run when a remote is opened, and again after a 401: that request is repeated.",
  plan: (asked) => ({
    edits: [
      {
        path:
          asked.env.RCLONE_CONFIG ||
          join(asked.env.XDG_CONFIG_HOME || join(asked.home, ".config"), "rclone", "rclone.conf"),
        format: "ini",
        settings: [
          ["type", "webdav"],
          ["url", asked.url.href],
          ["vendor", "other"],
          ["bearer_token_command", words(asked.command("get", "--fresh-on-repeat"))],
        ].map(([key = "", value = ""]) => ({ place: [asked.profile, key], value })),
      },
    ],
    next: [`rclone lsd ${asked.profile}:`],
  }),
};

/** Words that rclone takes apart at spaces, as fields of a CSV line. */
function words(command: readonly string[]): string {
  return command.map((word) => (/[\s"]/.test(word) ? `"${word.replaceAll('"', '""')}"` : word)).join(" ");
}
