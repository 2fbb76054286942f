import { join } from "node:path";
import { doubleQuoted } from "../program.js";
import { OUTLIVES_CACHE, type Tool } from "../tool.js";

export const google: Tool = {
  name: "google",
  title: "Google Cloud libraries and gcloud (workforce and workload identity federation)",
  sends: "id_token",
  needs: ["audience"],
  says: "The libraries run the program when their own token expires, and only where `GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1` is set. They exchange the ID token at Google's STS. `--audience` is the provider's full name, `//iam.googleapis.com/locations/global/workforcePools/…/providers/…`.",
  plan(asked) {
    const path = join(asked.programs, "..", `google-${asked.profile}.json`);
    const word = doubleQuoted(path);
    const account = {
      type: "external_account",
      audience: asked.audience,
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      token_url: `${STS}/token`,
      // Where gcloud asks whose token it has, for the name of the account.
      token_info_url: `${STS}/introspect`,
      credential_source: {
        executable: {
          command: asked
            .command("get", "--format", "google-executable", "--id-token", ...OUTLIVES_CACHE)
            .map(doubleQuoted)
            .join(" "),
          timeout_millis: 10_000,
        },
      },
    };
    return {
      edits: [
        {
          path,
          format: "json",
          settings: Object.entries(account).map(([key, value]) => ({ place: [key], value })),
        },
      ],
      next: [
        `export GOOGLE_APPLICATION_CREDENTIALS=${word} GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1`,
        `gcloud auth login --cred-file=${word}`,
      ],
    };
  },
};

const STS = "https://sts.googleapis.com/v1";
