import type { Tool } from "../tool.js";
import { npmrc, registryKey } from "./pnpm.js";

export const npm: Tool = {
  name: "npm",
  title: "npm",
  sends: "bearer",
  needs: ["url"],
  says: "npm has no hook for a program: `oidc-token exec` starts it with the token in `OIDC_TOKEN`, where the line in `.npmrc` takes it from. The token must outlive the command. Without `exec` the registry refuses.",
  plan: (asked) => ({
    edits: [
      {
        path: npmrc(asked),
        format: "ini",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: npm replaces it
        settings: [{ place: ["", `${registryKey(asked.url)}:_authToken`], value: "${OIDC_TOKEN}" }],
      },
    ],
    next: [`${asked.line("exec", "--min-validity", "600")} -- npm ci`],
  }),
};
