import { delimiter, join } from "node:path";
import type { Tool } from "../tool.js";

export const kubectl: Tool = {
  name: "kubectl",
  title: "kubectl, helm, k9s and all that reads a kubeconfig",
  sends: "id_token",
  needs: [],
  says: "The plugin is run once for each process, and the token kept until it expires. The API server checks an ID token whose audience is its own client, so the profile's scope must hold `openid`. It is used over https only.",
  plan(asked) {
    const [command = "", ...args] = asked.command("get", "--format", "exec-credential", "--id-token");
    return {
      edits: [
        {
          path: asked.env.KUBECONFIG?.split(delimiter).find(Boolean) ?? join(asked.home, ".kube", "config"),
          format: "yaml",
          settings: [
            {
              // All of it: a token or a certificate beside it would go before the plugin.
              place: ["users", `=${asked.profile}`, "user"],
              value: {
                exec: {
                  apiVersion: "client.authentication.k8s.io/v1",
                  command,
                  args,
                  interactiveMode: "IfAvailable",
                  installHint: "install oidc-token: npm install --global oidc-token",
                },
              },
            },
          ],
        },
      ],
      next: [`kubectl config set-context --current --user=${asked.profile}`, "kubectl auth whoami"],
    };
  },
};
