import { join } from "node:path";
import type { Tool } from "../tool.js";

export const gemini: Tool = {
  name: "gemini",
  title: "Gemini CLI",
  sends: "headers",
  needs: ["base_url"],
  says: "Gemini CLI takes an address and a key when it starts and has no hook for a program: `oidc-token exec --serve` gives it a loopback address that puts a valid token on each request, for as long as it runs. The profile's `api` is `gemini` and its `base_url` ends in `/v1beta`. The setting keeps it from asking how to sign in.",
  plan: (asked) => ({
    edits: [
      {
        path: join(asked.home, ".gemini", "settings.json"),
        format: "json",
        settings: [{ place: ["security", "auth", "selectedType"], value: "gemini-api-key" }],
      },
    ],
    next: [`${asked.line("exec", "--serve")} -- gemini`],
  }),
};
