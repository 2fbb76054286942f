import { join } from "node:path";
import type { Tool } from "../tool.js";

export const git: Tool = {
  name: "git",
  title: "git over https",
  sends: "bearer",
  needs: ["url"],
  asks_for_host: true,
  says: "git asks for each command that the server answers with 401, sends the token as the password of `oauth2` (as a bearer token where git is 2.46 or newer and the server does not ask for a password alone), and tells when it was refused: the next command gets a new one. The empty `helper` line keeps other helpers from storing it.",
  plan: (asked) => ({
    edits: [
      {
        path: join(asked.home, ".gitconfig"),
        format: "ini",
        settings: [
          {
            place: [`credential "${asked.url.origin}"`, "helper"],
            value: ["", gitValue(`!${asked.line("credential", "git")}`)],
          },
        ],
      },
    ],
    next: [`git ls-remote ${asked.url.origin}/<repository>`],
  }),
};

/** As git reads a value: what would end it or begin a comment stands in double quotes. */
function gitValue(text: string): string {
  return /["\\#;]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : text;
}
