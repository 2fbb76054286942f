import { join } from "node:path";
import { doubleQuoted } from "../program.js";
import type { Tool } from "../tool.js";

export const bazel: Tool = {
  name: "bazel",
  title: "Bazel",
  sends: "headers",
  needs: ["url"],
  asks_for_host: true,
  says: "Bazel (7 and newer; 6 with `experimental_`) asks once for each host and keeps the header until the token expires. It is used for downloads, remote cache, remote execution and build events.",
  plan(asked) {
    const shim = asked.shim("bazel-credential-oidc-token", ["credential", "bazel"]);
    const { hostname } = asked.url;
    const option = doubleQuoted(`--credential_helper=${hostname}=${shim.path}`);
    return {
      edits: [
        shim.edit,
        {
          path: join(asked.home, ".bazelrc"),
          format: "block",
          settings: [{ place: [hostname], value: `common ${option}` }],
        },
      ],
      next: ["bazel build //..."],
    };
  },
};
