import type { Client } from "./client.js";
import { markShell } from "./guard/agent-shell.js";
import { guard } from "./guard/guard.js";
import type { Place } from "./guard/tool-paths.js";
import { type McpConfig, relayServers } from "./mcp.js";
import type { Attachment, Options } from "./options.js";
import { admit, attach, COMPATIBLE, type Config, explain, type Provider, unmentioned } from "./providers.js";
import { Relay } from "./relay.js";
import { Requests } from "./requests/requests.js";
import { Tokens } from "./requests/tokens.js";
import { SignIn } from "./sign-in.js";
import { start } from "./start.js";
import { strangerProblem } from "./strangers.js";
import { Titles } from "./title.js";
import { tools } from "./tools.js";
import { setup } from "./v2.js";

/** What is read here of a message. */
interface Message {
  readonly info: { readonly role: string; readonly model?: { readonly providerID: string } };
}

interface Model {
  readonly providerID: string;
  readonly api: { readonly npm: string; readonly url?: string };
}

/** What is read here of an event. */
interface Event {
  readonly type: string;
  readonly properties?: { readonly sessionID?: string };
}

interface Input extends Place {
  readonly client?: Client;
}

async function server({ client, ...place }: Input, options: Options = {}) {
  const { command, calls, log, profiles, unreadable, attached, requests, unready } = await start(options);
  const behind = attached.flatMap(({ profile }) => profile ?? []);
  const signIn = new SignIn(command, behind, unready);
  const methods = signIn.methods();
  const titles = client && new Titles(client, (id) => attached.some((each) => each.id === id));
  const relay = new Relay();
  let small: string | undefined;
  /** The address of each provider, as OpenCode's configuration has it in the end. */
  const addresses = new Map<string, unknown>();
  /** Why providers that OpenCode was asked for are not there. */
  const strangers = new Map<string, Error>();

  const announce = (message: Message["info"] | undefined) => {
    const asked = attached.find(({ id }) => id === message?.model?.providerID);
    if (asked?.profile) requests.announce(asked.profile, addresses.get(asked.id));
  };

  return {
    ...(methods.length > 0 && { auth: { provider: attached[0]?.id, methods } }),
    async config(config: Config & McpConfig) {
      // Of a server's own: what one refuses says nothing of the others, nor of the models.
      const requestsOf = (each: Attachment) => new Requests(new Tokens(calls), log).fetchFor(each);
      await relayServers(config, { options, profiles, unreadable }, relay, requestsOf).catch((error: Error) =>
        log.error(error.message),
      );
      await Promise.allSettled(
        attached.map((each) => attach(config, each, requests.fetchFor(each), command, unready)),
      );
      small = config.small_model;
      for (const { id } of attached) addresses.set(id, config.provider?.[id]?.options?.baseURL);
      if (unreadable && !options.providers) explain(config, unreadable);
      for (const id of unmentioned(config)) {
        const problem = strangerProblem(id, { attached, profiles, origins: config.plugin_origins ?? [] });
        if (!problem) continue;
        strangers.set(id, problem);
        admit(config, id);
        log.warn(problem.message, { provider: id });
      }
    },
    // When a message comes in, and before OpenCode puts each request together: both take longer than a token that is stored.
    async "chat.message"(_input: object, { message }: { message: Message["info"] }) {
      announce(message);
    },
    async "experimental.chat.messages.transform"(_input: object, { messages }: { messages: Message[] }) {
      announce(messages.findLast(({ info }) => info.role === "user")?.info);
    },
    async "chat.params"({ model, provider }: { model: Model; provider: Provider }) {
      // Without an address OpenCode fails before it comes to our fetch, and in words that say nothing.
      const addressless = model.api.npm === COMPATIBLE && !model.api.url && !provider.options?.baseURL;
      const problem = unreadable ?? strangers.get(model.providerID);
      if (problem && addressless) throw problem;
    },
    async event({ event: { type, properties } }: { event: Event }) {
      // Not waited for: OpenCode would hold back the events that follow, those of the title among them.
      if (type === "session.idle" && properties?.sessionID) void titles?.see(properties.sessionID, small);
    },
    tool: tools(command, behind),
    async "shell.env"(_call: object, { env }: { env: Record<string, string> }) {
      markShell(env, profiles);
    },
    async "tool.execute.before"({ tool }: { tool: string }, { args }: { args: object }) {
      const secrets = profiles.flatMap(({ secret_files }) => secret_files ?? []);
      guard({ tool, args }, place, secrets);
    },
    async dispose() {
      signIn.end();
      await titles?.end();
      await relay.close();
    },
  };
}

// One export for both of OpenCode's plugin APIs: `server` is for the first, `setup` for the second.
export default { id: "oidc-token", server, setup };
