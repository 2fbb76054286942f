import type { Model } from "../commands/models/list.js";
import type { Command } from "./command/command.js";
import type { Attachment } from "./options.js";
import { NOWHERE, PLACEHOLDER } from "./requests/outgoing.js";
import type { Fetch } from "./requests/requests.js";
import type { Origin } from "./strangers.js";

/** What is read and written here of OpenCode's configuration. */
export interface Config {
  model?: string;
  small_model?: string;
  provider?: Record<string, Provider>;
  /** Not of its file: where each entry of `plugin` came from. */
  plugin_origins?: readonly Origin[];
}

export interface Provider {
  name?: string;
  npm?: string;
  options?: Record<string, unknown>;
  models?: Record<string, object>;
  whitelist?: string[];
}

/** The package that speaks OpenAI's API; built into OpenCode. */
export const COMPATIBLE = "@ai-sdk/openai-compatible";

/** Makes a provider of a profile, with the models that its gateway lists. Never throws: OpenCode would swallow it. */
export async function attach(
  config: Config,
  { id, profile }: Attachment,
  fetch: Fetch,
  command: Command,
  unready: ReadonlyMap<string, string>,
): Promise<void> {
  const provider = claim(config, id, { apiKey: PLACEHOLDER, fetch });
  provider.npm ??= COMPATIBLE;
  // OpenCode ticks every provider that is configured: signed in or not has to be told by the name.
  const waiting = profile && unready.get(profile.profile);
  if (waiting) provider.name = `${provider.name ?? id} (${waiting})`;
  provider.options = { baseURL: profile?.base_url ?? NOWHERE, ...provider.options };
  const list = ["models", "--profile", profile?.profile ?? "", "--json"];
  const listed = profile ? await command.run(list, { seconds: 20 }).catch(() => "[]") : "[]";
  for (const { id: model, ...known } of JSON.parse(listed) as Model[]) {
    provider.models = { ...provider.models, [model]: { ...known, ...provider.models?.[model] } };
  }
  // A provider without models is dropped, and could not be chosen in /connect.
  provider.models ??= { "sign-in": { name: profile ? "Sign in with /connect" : "Not set up yet" } };
  provider.whitelist ??= Object.keys(provider.models);
}

/** Lets a provider exist that nobody has set up, with the models asked for by name, so that its absence can be explained. */
export function admit(config: Config, id: string): void {
  config.provider ??= {};
  config.provider[id] ??= {};
  addAsked(config, id, config.provider[id]);
}

/** With no profiles to go by, says why to those who have no key of their own for the model they ask for. */
export function explain(config: Config, problem: Error): void {
  for (const model of asked(config)) {
    const wrapper: Fetch = async (input, init = {}) => {
      const headers = new Headers(init.headers);
      if (["authorization", "x-api-key", "api-key", "x-goog-api-key"].some((key) => headers.has(key))) {
        return fetch(input, init);
      }
      throw problem;
    };
    claim(config, model.slice(0, model.indexOf("/")), { fetch: wrapper });
  }
}

/** The provider of this id, with our `fetch` before anything else can fail, and the models asked for by name. */
function claim(config: Config, id: string, claimed: { fetch: Fetch; apiKey?: string }): Provider {
  config.provider ??= {};
  config.provider[id] ??= {};
  const provider = config.provider[id];
  provider.options = { ...provider.options, ...claimed };
  addAsked(config, id, provider);
  return provider;
}

function addAsked(config: Config, id: string, provider: Provider): void {
  for (const model of asked(config)) {
    if (model.startsWith(`${id}/`))
      provider.models = { [model.slice(id.length + 1)]: {}, ...provider.models };
  }
}

/** The providers OpenCode is to ask first that its configuration does not mention. */
export function unmentioned(config: Config): string[] {
  const ids = asked(config).map((model) => model.slice(0, model.indexOf("/")));
  return [...new Set(ids)].filter((id) => !config.provider?.[id]);
}

/** What OpenCode is to ask first, as `provider/model`: what its configuration says, or its command line. */
function asked(config: Config): string[] {
  const flag = process.argv.findIndex((text) => text === "-m" || text === "--model");
  const models = [config.model, config.small_model, process.argv[flag + 1]];
  return models.filter((model): model is string => /^[^/]+\//.test(model ?? ""));
}
