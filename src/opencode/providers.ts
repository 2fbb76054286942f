import type { Model } from "../commands/models/list.js";
import type { Command } from "./command.js";
import { type Fetch, PLACEHOLDER } from "./requests.js";

/** What is read and written here of OpenCode's configuration. */
export interface Config {
  model?: string;
  small_model?: string;
  provider?: Record<string, Provider>;
}

export interface Provider {
  npm?: string;
  options?: Record<string, unknown>;
  models?: Record<string, object>;
  whitelist?: string[];
}

/** A provider of OpenCode and the profile behind it. */
export interface Attachment {
  readonly id: string;
  readonly profile: string;
  readonly base_url: string | undefined;
}

/** The package that speaks OpenAI's API; built into OpenCode. */
export const COMPATIBLE = "@ai-sdk/openai-compatible";

/** Makes a provider of a profile, with the models that its gateway lists. Never throws: OpenCode would swallow it. */
export async function attach(
  config: Config,
  { id, profile, base_url }: Attachment,
  fetch: Fetch,
  command: Command,
): Promise<void> {
  const provider = claim(config, id, { apiKey: PLACEHOLDER, fetch });
  provider.npm ??= COMPATIBLE;
  provider.options = { baseURL: base_url, ...provider.options };
  const listed = await command
    .run(["models", "--profile", profile, "--json"], { seconds: 20 })
    .catch(() => "[]");
  for (const { id: model, ...known } of JSON.parse(listed) as Model[]) {
    provider.models = { ...provider.models, [model]: { ...known, ...provider.models?.[model] } };
  }
  // A provider without models is dropped, and could not be chosen in /connect.
  provider.models ??= { "sign-in": { name: "Sign in with /connect" } };
  provider.whitelist ??= Object.keys(provider.models);
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
  for (const model of asked(config)) {
    if (model.startsWith(`${id}/`))
      provider.models = { [model.slice(id.length + 1)]: {}, ...provider.models };
  }
  return provider;
}

/** What OpenCode is to ask first, as `provider/model`: what its configuration says, or its command line. */
function asked(config: Config): string[] {
  const flag = process.argv.findIndex((text) => text === "-m" || text === "--model");
  const models = [config.model, config.small_model, process.argv[flag + 1]];
  return models.filter((model): model is string => /^[^/]+\//.test(model ?? ""));
}
