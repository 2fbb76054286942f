import type { ProfileFacts } from "../commands/profiles.js";
import { Command } from "./command.js";
import { guard } from "./guard.js";
import { attachments, type Options } from "./options.js";
import { admit, attach, COMPATIBLE, type Config, explain, type Provider, unmentioned } from "./providers.js";
import { Requests } from "./requests.js";
import { SignIn } from "./sign-in.js";
import { strangerProblem } from "./strangers.js";
import { Tokens } from "./tokens.js";

/** What is read here of a message. */
interface Message {
  readonly info: { readonly role: string; readonly model?: { readonly providerID: string } };
}

interface Model {
  readonly providerID: string;
  readonly api: { readonly npm: string; readonly url?: string };
}

async function server({ directory }: { directory: string }, options: Options = {}) {
  const command = new Command(options.command);
  let unreadable: Error | undefined;
  const profiles = await command.profiles().catch((error: Error) => {
    unreadable = error;
    return [];
  });
  const attached = attachments(options, profiles, unreadable);
  const requests = new Requests(new Tokens(command));
  const behind = attached.flatMap(({ profile }) => profile ?? []);
  const signIn = new SignIn(command, behind);
  const methods = signIn.methods();
  /** The address of each provider, as OpenCode's configuration has it in the end. */
  const addresses = new Map<string, unknown>();
  /** Why providers that OpenCode was asked for are not there. */
  const strangers = new Map<string, Error>();

  return {
    ...(methods.length > 0 && { auth: { provider: attached[0]?.id, methods } }),
    async config(config: Config) {
      await Promise.allSettled(
        attached.map((each) => attach(config, each, requests.fetchFor(each), command)),
      );
      for (const { id } of attached) addresses.set(id, config.provider?.[id]?.options?.baseURL);
      if (unreadable && !options.providers) explain(config, unreadable);
      for (const id of unmentioned(config)) {
        const problem = strangerProblem(id, { attached, profiles, origins: config.plugin_origins ?? [] });
        if (problem) strangers.set(id, problem);
        if (problem) admit(config, id);
      }
    },
    // Before OpenCode puts the request together, which takes longer than a token that is stored.
    async "experimental.chat.messages.transform"(_input: object, { messages }: { messages: Message[] }) {
      const id = messages.findLast(({ info }) => info.role === "user")?.info.model?.providerID;
      const behind = attached.find((each) => each.id === id);
      if (behind?.profile) requests.announce(behind.profile, addresses.get(behind.id));
    },
    async "chat.params"({ model, provider }: { model: Model; provider: Provider }) {
      // Without an address OpenCode fails before it comes to our fetch, and in words that say nothing.
      const addressless = model.api.npm === COMPATIBLE && !model.api.url && !provider.options?.baseURL;
      const problem = unreadable ?? strangers.get(model.providerID);
      if (problem && addressless) throw problem;
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
          const renew = ({ profile }: ProfileFacts) =>
            command.run(["refresh", "--profile", profile], { seconds: 60 }).then(
              () => `${profile}: renewed`,
              (error: Error) => `${profile}: ${error.message}`,
            );
          return (await Promise.all(behind.map(renew))).join("\n");
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

export default { id: "oidc-token", server };
