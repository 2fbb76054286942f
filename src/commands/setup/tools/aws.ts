import { join } from "node:path";
import type { Tool } from "../tool.js";

export const aws: Tool = {
  name: "aws",
  title: "AWS CLI and SDKs",
  sends: "id_token",
  needs: ["role"],
  says: "`credential_process` exchanges the ID token for credentials of the role (`AssumeRoleWithWebIdentity`) by way of the AWS CLI 2.9 or 1.27 and newer, and is run again when they expire. A program that knows web identity itself can do without: `oidc-token exec --id-token-file-env AWS_WEB_IDENTITY_TOKEN_FILE -- …` with `AWS_ROLE_ARN` set.",
  plan(asked) {
    const { env, home, profile, role } = asked;
    const file = env.AWS_CONFIG_FILE || join(home, ".aws", "config");
    // The profile itself must be out of sight of the inner call, which would ask for it without end.
    const without = "-u AWS_PROFILE -u AWS_DEFAULT_PROFILE AWS_CONFIG_FILE=/dev/null";
    const inner = `env ${without} AWS_ROLE_ARN=${role} AWS_ROLE_SESSION_NAME=oidc-token aws configure export-credentials --format process`;
    const exec = asked.line("exec", "--id-token-file-env", "AWS_WEB_IDENTITY_TOKEN_FILE");
    return {
      edits: [
        {
          path: file,
          format: "ini",
          settings: [{ place: [`profile ${profile}`, "credential_process"], value: `${exec} -- ${inner}` }],
        },
      ],
      next: [`aws sts get-caller-identity --profile ${profile}`],
    };
  },
};
