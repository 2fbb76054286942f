import { join } from "node:path";
import { doubleQuoted } from "../program.js";
import { sectionWith } from "../section.js";
import type { Tool } from "../tool.js";

/** What `credential_process` is to print. */
const ANSWER = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"]
  .map((key) => `${key}: Credentials.${key}`)
  .join(", ");

export const aws: Tool = {
  name: "aws",
  title: "AWS CLI and SDKs",
  sends: "id_token",
  needs: ["role"],
  posix_only: true,
  says: "`credential_process` exchanges the ID token for credentials of the role (`AssumeRoleWithWebIdentity`) by way of the AWS CLI, and is run again when they expire. A program that knows web identity itself can do without: `oidc-token exec --id-token-file-env AWS_WEB_IDENTITY_TOKEN_FILE -- …` with `AWS_ROLE_ARN` set.",
  plan(asked) {
    const { env, home, profile, role } = asked;
    const words = ["exec", "--id-token-file-env", "OIDC_TOKEN_FOR_AWS"];
    // It calls itself, with the token in a file. The profile must be out of sight then: it would call this without end.
    const shim = asked.shim(
      `aws-credentials-${profile}`,
      words,
      `if [ -n "$OIDC_TOKEN_FOR_AWS" ]; then
  exec env -u AWS_PROFILE -u AWS_DEFAULT_PROFILE AWS_EC2_METADATA_DISABLED=true \\
    aws sts assume-role-with-web-identity --role-arn ${role} --role-session-name oidc-token \\
    --web-identity-token "file://$OIDC_TOKEN_FOR_AWS" --output json \\
    --region "\${AWS_REGION:-\${AWS_DEFAULT_REGION:-us-east-1}}" \\
    --query '{Version: \`1\`, ${ANSWER}}'
fi
exec ${asked.line(...words)} -- "$0"`,
    );
    return {
      edits: [
        shim.edit,
        {
          path: env.AWS_CONFIG_FILE || join(home, ".aws", "config"),
          format: "ini",
          settings: [{ place: [`profile ${profile}`, "credential_process"], value: doubleQuoted(shim.path) }],
          // In the order in which the AWS CLI and SDKs look.
          unless: [
            sectionWith(`profile ${profile}`, "role_arn", "sso_\\w+", "login_session", "aws_access_key_id"),
            `${profile} signs in by other keys in it, which go before credential_process`,
          ],
        },
      ],
      next: [`aws sts get-caller-identity --profile ${profile}`],
    };
  },
};
