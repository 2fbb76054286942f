import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { resolve } from "node:path";
import type { Model } from "../commands/models/list.js";
import type { ProfileFacts } from "../commands/profiles.js";
import type { LoginEvent } from "../terminal/events.js";
import { Command, lasting } from "./command.js";

interface Options {
  /** OpenCode's provider ids and the profile behind each; without it, every profile that has a `base_url`. */
  readonly providers?: Readonly<Record<string, { readonly profile: string }>>;
  /** The command to run in place of the package's own. */
  readonly command?: readonly string[];
}

/** What is read and written here of OpenCode's configuration. */
type Config = { model?: string; small_model?: string; provider?: Record<string, Provider> };
type Provider = {
  npm?: string;
  options?: Record<string, unknown>;
  models?: Record<string, object>;
  whitelist?: string[];
};
type ModelApi = { readonly api: { readonly npm: string; readonly url?: string } };
type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Stands where OpenCode wants a key. It is never sent: a header that holds it is deleted. */
const PLACEHOLDER = "kept-by-oidc-token";
/** The package that speaks OpenAI's API; built into OpenCode. */
const COMPATIBLE = "@ai-sdk/openai-compatible";

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
  const attached = options.providers
    ? Object.entries(options.providers).map(([id, { profile }]) => ({ id, name: profile }))
    : profiles.filter((each) => each.base_url).map((each) => ({ id: each.provider, name: each.profile }));

  async function send(name: string, url: URL, init: RequestInit, redirects = 0): Promise<Response> {
    const profile = profiles.find((each) => each.profile === name);
    if (!profile)
      throw unreadable ?? lasting(`oidc-token has no profile "${name}"; see \`oidc-token profiles\``);
    if (!profile.allowed_origins.includes(url.origin)) {
      throw lasting(
        `the token of profile "${name}" is for ${profile.allowed_origins.join(", ")}, not for ${url.origin}: ` +
          "correct baseURL in opencode.json, or allowed_origins in oidc-token's own configuration",
      );
    }
    const headers = new Headers(init.headers);
    for (const [key, value] of [...headers]) if (value.includes(PLACEHOLDER)) headers.delete(key);
    const get = ["get", "--profile", name, "--format", "json", "--url", url.origin, "--interactive", "never"];
    const attempt = async (...more: string[]) => {
      const { access_token } = JSON.parse(await command.share([...get, ...more], 60, init.signal));
      headers.set(profile.header, `${profile.header_scheme} ${access_token}`.trim());
      // Redirects are followed below: fetch would take any header but Authorization along to another origin.
      const response = await fetch(url, { ...init, headers, redirect: "manual" });
      return { response, sha256: createHash("sha256").update(access_token).digest("hex") };
    };
    const repeatable = !init.body || typeof init.body === "string" || ArrayBuffer.isView(init.body);
    let { response, sha256 } = await attempt();
    if (response.status === 401 && repeatable) {
      await response.body?.cancel();
      ({ response } = await attempt("--rejected-sha256", sha256));
    }
    const location = response.headers.get("location");
    if (!location || ![307, 308].includes(response.status) || !repeatable || redirects === 5) return response;
    return send(name, new URL(location, url), init, redirects + 1);
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

  async function attach(config: Config, id: string, name: string): Promise<void> {
    const wrapper: Fetch = async (input, init = {}) => {
      if (!(input instanceof Request)) return send(name, new URL(input), init);
      const { method, headers, body, signal } = input;
      return send(name, new URL(input.url), { method, headers, body, signal, ...init });
    };
    const provider = claim(config, id, { apiKey: PLACEHOLDER, fetch: wrapper });
    provider.npm ??= COMPATIBLE;
    provider.options = {
      baseURL: profiles.find((each) => each.profile === name)?.base_url,
      ...provider.options,
    };
    const listed = await command
      .run(["models", "--profile", name, "--json"], { seconds: 20 })
      .catch(() => "[]");
    for (const { id: model, ...known } of JSON.parse(listed) as Model[]) {
      provider.models = { ...provider.models, [model]: { ...known, ...provider.models?.[model] } };
    }
    // A provider without models is dropped, and could not be chosen in /connect.
    provider.models ??= { "sign-in": { name: "Sign in with /connect" } };
    provider.whitelist ??= Object.keys(provider.models);
  }

  /** With no profiles to go by, says why to those who have no key of their own for the model they ask for. */
  function explain(config: Config, problem: Error): void {
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

  let signIn = new AbortController();
  /** Answers once there is something to show; its callback then waits for the end of the sign-in. */
  const login = (name: string) =>
    new Promise<object>((show, reject) => {
      signIn.abort();
      signIn = new AbortController();
      const onLine = (line: string) => {
        if (!line.startsWith("{")) return;
        const event = JSON.parse(line) as LoginEvent;
        const callback = () => outcome(ended);
        if (event.event === "browser") {
          show({ url: event.url, instructions: "Sign in with the browser", method: "auto", callback });
        } else if (event.event === "device_code") {
          const url = event.verification_uri_complete ?? event.verification_uri;
          show({ url, instructions: `Enter the code ${event.user_code}`, method: "auto", callback });
        }
      };
      const limits = { seconds: 900, signal: signIn.signal, onLine };
      const ended = command.run(["login", "--profile", name, "--json"], limits);
      ended.catch(reject);
    });
  // A method of type "api" would put the key in OpenCode's auth.json; a "code" is handed to its callback.
  const paste = async (name: string) => ({
    url: profiles.find((each) => each.profile === name)?.base_url ?? "",
    instructions: `Paste the key of profile "${name}"; oidc-token keeps it, OpenCode does not`,
    method: "code",
    callback: (input: string) => outcome(command.run(["login", "--profile", name], { seconds: 60, input })),
  });
  const outcome = (ended: Promise<string>) =>
    ended.then(
      () => ({ type: "success", key: PLACEHOLDER }),
      () => ({ type: "failed" }),
    );
  const method = (label: string, flows: RegExp, start: (name: string) => Promise<object>) => {
    const fits = attached.filter(({ name }) =>
      profiles.some((p) => p.profile === name && flows.test(p.flow)),
    );
    const choices = fits.map(({ name }) => ({ label: name, value: name }));
    const prompts = [{ type: "select", key: "profile", message: "Profile", options: choices }];
    const authorize = (inputs?: { profile?: string }) => start(inputs?.profile ?? fits[0]?.name ?? "");
    return fits.length > 0
      ? [{ type: "oauth", label, prompts: fits.length > 1 ? prompts : [], authorize }]
      : [];
  };
  const methods = [
    ...method("Sign in", /authorization_code|device_code/, login),
    ...method("Paste a key", /static_key/, paste),
  ];

  return {
    ...(methods.length > 0 && { auth: { provider: attached[0]?.id, methods } }),
    async config(config: Config) {
      await Promise.allSettled(attached.map(({ id, name }) => attach(config, id, name)));
      if (unreadable && !options.providers) explain(config, unreadable);
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
          const renew = ({ name }: { name: string }) =>
            command.run(["refresh", "--profile", name], { seconds: 60 }).then(
              () => `${name}: renewed`,
              (error: Error) => `${name}: ${error.message}`,
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
      signIn.abort();
    },
  };
}

/** What OpenCode is to ask first, as `provider/model`: what its configuration says, or its command line. */
function asked(config: Config): string[] {
  const flag = process.argv.findIndex((text) => text === "-m" || text === "--model");
  const models = [config.model, config.small_model, process.argv[flag + 1]];
  return models.filter((model): model is string => /^[^/]+\//.test(model ?? ""));
}

/** Throws where a tool would read a secret. Defence in depth and no wall: an agent with a shell finds other ways. */
function guard(args: object, directory: string, secrets: readonly string[]): void {
  for (const [key, value] of Object.entries(args)) {
    if (typeof value !== "string") continue;
    const expanded = value.replace(/~(?=[/\\])|\$HOME\b|\$\{HOME\}/g, homedir());
    const text = /path/i.test(key) ? resolve(directory, expanded) : expanded;
    if (secrets.some((secret) => text.includes(secret))) {
      throw new Error("oidc-token keeps its store and the files that hold its secrets from tools");
    }
    if (/\boidc-token\b[^|;&\n]*\sget\b/.test(text)) {
      throw new Error("oidc-token gives tools no token; use oidc_token_status or oidc_token_refresh");
    }
  }
}

export default { id: "oidc-token", server };
