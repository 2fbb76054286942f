import { dirname, join } from "node:path";
import type { Tool } from "../tool.js";

/** The name that `credHelpers` makes of ours. */
const PROGRAM = "docker-credential-oidc-token";

export const docker: Tool = {
  name: "docker",
  title: "docker, skopeo, podman, buildah and ORAS",
  sends: "bearer",
  needs: ["url"],
  asks_for_host: true,
  says: "They look for `docker-credential-oidc-token` on PATH, which stands beside `oidc-token` (where it is not found, one is written, whose folder has to be put on PATH), run it for each command, and send the token as the password of `oauth2`. Only the hosts under `credHelpers` are asked for; never write it as `credsStore`, which is asked for every host.",
  plan(asked) {
    const { env, home, url } = asked;
    const shim = asked.shim(PROGRAM, ["credential", "docker"]);
    const is_found = asked.isOnPath(PROGRAM);
    const pull = `docker pull ${url.host}/<image>`;
    return {
      edits: [
        ...(is_found ? [] : [shim.edit]),
        {
          path: join(env.DOCKER_CONFIG || join(home, ".docker"), "config.json"),
          format: "json",
          settings: [{ place: ["credHelpers", url.host], value: "oidc-token" }],
        },
      ],
      next: [is_found ? pull : `PATH="${dirname(shim.path)}:$PATH" ${pull}`],
    };
  },
};
