import { join } from "node:path";
import type { Tool } from "../tool.js";

export const cargo: Tool = {
  name: "cargo",
  title: "cargo with a registry of its own",
  sends: "bearer",
  needs: ["url"],
  asks_for_host: true,
  says: "cargo asks once for each command and keeps the token until it expires. A refused token ends the command; the next one gets what `oidc-token refresh` brought.",
  plan(asked) {
    // Its one argument, --cargo-plugin, says nothing: it speaks over stdin and stdout.
    const words = ["credential", "cargo"];
    const shim = asked.shim("cargo-credential-oidc-token", words, `exec ${asked.line(...words)}`);
    const index = asked.url.pathname === "/" ? asked.url.origin.concat("/") : asked.url.href;
    return {
      edits: [
        shim.edit,
        {
          path: join(asked.env.CARGO_HOME || join(asked.home, ".cargo"), "config.toml"),
          format: "toml",
          settings: [
            { place: ["registries", asked.profile, "index"], value: `sparse+${index}` },
            { place: ["registries", asked.profile, "credential-provider"], value: [shim.path] },
          ],
        },
      ],
      next: [`cargo search --registry ${asked.profile} <crate>`],
    };
  },
};
