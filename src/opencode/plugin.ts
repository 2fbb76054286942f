import type { ProfileFacts } from "../commands/profiles.js";
import { Command } from "./command.js";
import { guard } from "./guard.js";
import { type Attachment, attach, COMPATIBLE, type Config, explain, type Provider } from "./providers.js";
import { Requests } from "./requests.js";
import { SignIn } from "./sign-in.js";
import { Tokens } from "./tokens.js";

interface Options {
  /** OpenCode's provider ids and the profile behind each; without it, every profile that has a `base_url`. */
  readonly providers?: Readonly<Record<string, { readonly profile: string }>>;
  /** The command to run in place of the package's own. */
  readonly command?: readonly string[];
}

/** What is read here of a message. */
interface Message {
  readonly info: { readonly role: string; readonly model?: { readonly providerID: string } };
}

type ModelApi = { readonly api: { readonly npm: string; readonly url?: string } };

async function server({ directory }: { directory: string }, options: Options = {}) {
  const command = new Command(options.command);
  let unreadable: Error | undefined;
  const profiles = await command
    .run(["profiles", "--json"], { seconds: 20 })
    .then((answer) => (JSON.parse(answer) as ProfileFacts[]).filter(({ profile }) => profile))
    .catch((error: Error) => {
      unreadable = error;
      return [];
    });
  const attached = attachments(options, profiles);
  const requests = new Requests(new Tokens(command), profiles, unreadable);
  const behind = attached.flatMap(({ profile }) => profiles.find((each) => each.profile === profile) ?? []);
  const signIn = new SignIn(command, behind);
  const methods = signIn.methods();
  /** The address of each provider, as OpenCode's configuration has it in the end. */
  const addresses = new Map<string, unknown>();

  return {
    ...(methods.length > 0 && { auth: { provider: attached[0]?.id, methods } }),
    async config(config: Config) {
      await Promise.allSettled(
        attached.map((each) => attach(config, each, requests.fetchFor(each.profile), command)),
      );
      for (const { id } of attached) addresses.set(id, config.provider?.[id]?.options?.baseURL);
      if (unreadable && !options.providers) explain(config, unreadable);
    },
    // Before OpenCode puts the request together, which takes longer than a token that is stored.
    async "experimental.chat.messages.transform"(_input: object, { messages }: { messages: Message[] }) {
      const id = messages.findLast(({ info }) => info.role === "user")?.info.model?.providerID;
      const behind = attached.find((each) => each.id === id);
      if (behind) requests.announce(behind.profile, addresses.get(behind.id));
    },
    async "chat.params"({ model, provider }: { model: ModelApi; provider: Provider }) {
      // Without an address OpenCode fails before it comes to our fetch, and in words that say nothing.
      const addressless = model.api.npm === COMPATIBLE && !model.api.url && !provider.options?.baseURL;
      if (unreadable && addressless) throw unreadable;
    },
    tool: {
      oidc_token_status: {
        description: "Whether the user is signed in to the model providers, and until when. Shows no token.",
        args: {},
        execute: () => command.run(["status", "--json"], { seconds: 20 }),
      },
      oidc_token_refresh: {
        description: "Renews the access tokens of the model providers. Shows no token.",
        args: {},
        async execute() {
          const renew = ({ profile }: Attachment) =>
            command.run(["refresh", "--profile", profile], { seconds: 60 }).then(
              () => `${profile}: renewed`,
              (error: Error) => `${profile}: ${error.message}`,
            );
          return (await Promise.all(attached.map(renew))).join("\n");
        },
      },
    },
    async "tool.execute.before"(_call: object, { args }: { args: object }) {
      const secrets = profiles.flatMap(({ secret_files }) => secret_files ?? []);
      guard(args, directory, secrets);
    },
    async dispose() {
      signIn.end();
    },
  };
}

function attachments({ providers }: Options, profiles: readonly ProfileFacts[]): readonly Attachment[] {
  if (!providers) {
    return profiles
      .filter(({ base_url }) => base_url)
      .map(({ provider, profile, base_url }) => ({ id: provider, profile, base_url }));
  }
  return Object.entries(providers).map(([id, { profile }]) => {
    const base_url = profiles.find((each) => each.profile === profile)?.base_url;
    return { id, profile, base_url };
  });
}

export default { id: "oidc-token", server };
