import { join } from "node:path";
import type { Tool } from "../tool.js";

export const terraform: Tool = {
  name: "terraform",
  title: "Terraform and OpenTofu",
  sends: "bearer",
  needs: ["url"],
  asks_for_host: true,
  says: "Terraform has one credentials helper for all hosts, and asks it for each host once a command; `TF_TOKEN_…` variables and `credentials` blocks go before it. A refused token ends the command.",
  plan(asked) {
    const { env, home, platform } = asked;
    const windows = platform === "win32";
    const folder = windows
      ? join(env.APPDATA || join(home, "AppData", "Roaming"), "terraform.d")
      : join(home, ".terraform.d");
    const usual = windows ? join(folder, "..", "terraform.rc") : join(home, ".terraformrc");
    const shim = asked.shim("terraform-credentials-oidc-token", ["credential", "terraform"]);
    return {
      edits: [
        { ...shim.edit, path: join(folder, "plugins", shim.edit.path.slice(asked.programs.length + 1)) },
        {
          path: env.TF_CLI_CONFIG_FILE || usual,
          format: "block",
          settings: [
            { place: ["credentials_helper"], value: 'credentials_helper "oidc-token" {\n  args = []\n}' },
          ],
          unless: [
            /^[ \t]*credentials_helper[ \t]/m,
            "it names another credentials_helper, and Terraform takes only one",
          ],
        },
      ],
      next: ["terraform init"],
    };
  },
};
