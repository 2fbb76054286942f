import type { ProfileFacts } from "../commands/profiles.js";
import type { Command } from "./command/command.js";
import { type Status, statusOf } from "./command/facts.js";

/** The tools an agent gets. Neither shows a token. */
export function tools(command: Command, profiles: readonly ProfileFacts[]): Record<string, object> {
  return {
    oidc_token_status: {
      description:
        "Whether the user is signed in to the model providers, until when, and at which endpoint each is. Shows no token.",
      args: {},
      async execute() {
        const rows = await statusOf(command, 20);
        const endpointOf = ({ profile }: Status) =>
          profiles.find((each) => each.profile === profile)?.base_url;
        return JSON.stringify(rows.map((row) => ({ ...row, endpoint: endpointOf(row) })));
      },
    },
    oidc_token_refresh: {
      description: "Renews the access tokens of the model providers. Shows no token.",
      args: {},
      async execute() {
        const renew = ({ profile }: ProfileFacts) =>
          command.run(["refresh", "--profile", profile], { seconds: 60 }).then(
            () => `${profile}: renewed`,
            (error: Error) => `${profile}: ${error.message}`,
          );
        return (await Promise.all(profiles.map(renew))).join("\n");
      },
    },
  };
}
