import { join } from "node:path";
import type { Tool } from "../tool.js";

export const docker: Tool = {
  name: "docker",
  title: "docker, skopeo, podman, buildah and ORAS",
  sends: "bearer",
  needs: ["url"],
  asks_for_host: true,
  says: "They run `docker-credential-oidc-token`, which stands beside `oidc-token` and must be on PATH, for each command, and send the token as the password of `oauth2`. Only the hosts under `credHelpers` are asked for; never write it as `credsStore`, which is asked for every host.",
  plan: ({ env, home, url }) => ({
    edits: [
      {
        path: join(env.DOCKER_CONFIG || join(home, ".docker"), "config.json"),
        format: "json",
        settings: [{ place: ["credHelpers", url.host], value: "oidc-token" }],
      },
    ],
    next: [`docker pull ${url.host}/<image>`],
  }),
};
