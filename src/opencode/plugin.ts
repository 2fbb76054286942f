import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { Command, lasting } from "./command.js";

/** What `oidc-token profiles --json` says of a profile. */
interface Profile {
  readonly profile: string;
  readonly provider?: string;
  /** Separated by spaces. */
  readonly flow: string;
  readonly base_url?: string;
  readonly allowed_origins: readonly string[];
  readonly header: string;
  readonly header_scheme: string;
  readonly default?: boolean;
  /** Absolute paths: where tokens are stored, and the files that hold this profile's secrets. */
  readonly secret_files?: readonly string[];
}

interface Options {
  /** OpenCode's provider ids and the profile behind each; without it, every profile that has a `base_url`. */
  readonly providers?: Readonly<Record<string, { readonly profile: string }>>;
  /** The command to run in place of the package's own. */
  readonly command?: readonly string[];
}

interface Provider {
  npm?: string;
  options?: Record<string, unknown>;
  models?: Record<string, object>;
  whitelist?: string[];
}

/** The part of OpenCode's configuration that is read and written here. */
interface Config {
  model?: string;
  small_model?: string;
  provider?: Record<string, Provider>;
}

interface ApiModel {
  readonly api: { readonly npm: string; readonly url?: string };
}

/** The package OpenCode speaks OpenAI's API with; built in, so it is never downloaded. */
const COMPATIBLE = "@ai-sdk/openai-compatible";
/** Stands where OpenCode wants a key. It is never sent: a header that holds it is deleted. */
const PLACEHOLDER = "kept-by-oidc-token";

async function server({ directory }: { directory: string }, options: Options = {}) {
  const command = new Command(options.command);
  let unreadable: Error | undefined;
  const profiles = await command
    .run(["profiles", "--json"], { seconds: 20 })
    .then((answer) => (JSON.parse(answer) as Profile[]).filter(({ profile }) => profile))
    .catch((error: Error) => {
      unreadable = error;
      return [];
    });
  const find = (name: string): Profile => {
    const found = profiles.find(({ profile }) => profile === name);
    if (found) return found;
    throw (
      unreadable ?? lasting(`oidc-token has no profile "${name}"; \`oidc-token profiles\` lists those it has`)
    );
  };
  const attached: [provider: string, profile: string][] = options.providers
    ? Object.entries(options.providers).map(([id, { profile }]) => [id, profile])
    : profiles.filter((p) => p.base_url).map((p) => [p.provider ?? p.profile, p.profile]);

  async function send(name: string, url: URL, init: RequestInit, redirects = 0): Promise<Response> {
    const { allowed_origins, header, header_scheme } = find(name);
    if (!allowed_origins.includes(url.origin)) {
      throw lasting(
        `the token of profile "${name}" is for ${allowed_origins.join(", ")}, not for ${url.origin}: ` +
          "correct baseURL in opencode.json, or allowed_origins in oidc-token's own configuration",
      );
    }
    const headers = new Headers(init.headers);
    for (const [key, value] of [...headers]) if (value.includes(PLACEHOLDER)) headers.delete(key);
    const get = ["get", "--profile", name, "--format", "json", "--url", url.origin, "--interactive", "never"];
    const attempt = async (...more: string[]) => {
      const answer = await command.share([...get, ...more], 60, init.signal);
      const { access_token } = JSON.parse(answer) as { access_token: string };
      headers.set(header, `${header_scheme} ${access_token}`.trim());
      // Followed by hand, below: only Authorization is dropped by itself on the way to another origin.
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

  /** The models OpenCode was asked for by name, as `provider/model`. */
  const asked = (config: Config): string[] => {
    const flag = process.argv.findIndex((text) => text === "-m" || text === "--model");
    return [config.model, config.small_model, process.argv[flag + 1]].filter((text) =>
      text?.includes("/"),
    ) as string[];
  };
  const slot = (config: Config, id: string): Provider => {
    config.provider ??= {};
    config.provider[id] ??= {};
    return config.provider[id];
  };

  async function attach(config: Config, id: string, name: string): Promise<void> {
    const provider = slot(config, id);
    const wrapper = async (input: string | URL | Request, init: RequestInit = {}) => {
      if (!(input instanceof Request)) return send(name, new URL(input), init);
      const { method, headers, body, signal } = input;
      return send(name, new URL(input.url), { method, headers, body, signal, ...init });
    };
    // First of all: if anything below failed, OpenCode would send its requests without a token.
    provider.options = { ...provider.options, apiKey: PLACEHOLDER, fetch: wrapper };
    provider.npm ??= COMPATIBLE;
    provider.options.baseURL ??= profiles.find(({ profile }) => profile === name)?.base_url;
    const listed = await command
      .run(["models", "--profile", name, "--json"], { seconds: 20 })
      .catch(() => "[]");
    const models: Record<string, object> = {};
    for (const { id: model, ...rest } of JSON.parse(listed) as { id: string }[]) models[model] = rest;
    // For a model it does not know, OpenCode shows an error that hides the reason.
    for (const model of asked(config))
      if (model.startsWith(`${id}/`)) models[model.slice(id.length + 1)] ??= {};
    provider.models = { ...models, ...provider.models };
    // A provider without models is dropped, and could not be chosen in /connect.
    if (Object.keys(provider.models).length === 0)
      provider.models["sign-in"] = { name: "Sign in with /connect" };
    provider.whitelist ??= Object.keys(provider.models);
  }

  /** With no profile to go by, says why to whoever asks for a model by name and has no key for it. */
  function explain(config: Config, problem: Error): void {
    for (const model of asked(config)) {
      const id = model.slice(0, model.indexOf("/"));
      const provider = slot(config, id);
      provider.models = { [model.slice(id.length + 1)]: {}, ...provider.models };
      const wrapper = async (input: string, init: RequestInit = {}) => {
        const headers = new Headers(init.headers);
        if (["authorization", "x-api-key", "api-key", "x-goog-api-key"].some((key) => headers.has(key))) {
          return fetch(input, init);
        }
        throw problem;
      };
      provider.options = { ...provider.options, fetch: wrapper };
    }
  }

  let signIn = new AbortController();
  /** Answers once there is something to show; the callback then waits for the end of the sign-in. */
  const login = (name: string) =>
    new Promise<object>((resolve, reject) => {
      signIn.abort();
      signIn = new AbortController();
      const onLine = (line: string) => {
        const event = JSON.parse(line) as Record<string, string>;
        const url = event.url ?? event.verification_uri_complete ?? event.verification_uri;
        const instructions = event.user_code
          ? `Enter the code ${event.user_code}`
          : "Sign in with the browser";
        if (url) resolve({ url, instructions, method: "auto", callback: () => outcome(name, ended) });
      };
      const limits = { seconds: 900, signal: signIn.signal, onLine };
      const ended = command.run(["login", "--profile", name, "--json"], limits);
      ended.catch(reject);
    });
  const paste = async (name: string) => ({
    url: find(name).base_url ?? "",
    instructions: `Paste the key of profile "${name}"; oidc-token keeps it, OpenCode does not`,
    method: "code",
    callback: (input: string) =>
      outcome(name, command.run(["login", "--profile", name], { seconds: 60, input })),
  });
  const outcome = (name: string, ended: Promise<string>) => {
    const provider = attached.find(([, profile]) => profile === name)?.[0];
    return ended.then(
      () => ({ type: "success", provider, key: PLACEHOLDER }),
      () => ({ type: "failed" }),
    );
  };
  const method = (label: string, flows: string[], authorize: (name: string) => Promise<object>) => {
    const names = attached
      .map(([, name]) => name)
      .filter((name) =>
        profiles.some((p) => p.profile === name && flows.some((flow) => p.flow.includes(flow))),
      );
    const choices = names.map((value) => ({ label: value, value }));
    const prompts =
      names.length > 1 ? [{ type: "select", key: "profile", message: "Profile", options: choices }] : [];
    const start = (inputs?: Record<string, string>) => authorize(inputs?.profile ?? names[0] ?? "");
    return names.length > 0 ? [{ type: "oauth", label, prompts, authorize: start }] : [];
  };
  const methods = [
    ...method("Sign in", ["authorization_code", "device_code"], login),
    // A method of type "api" would put the key in OpenCode's auth.json; a "code" is handed to its callback.
    ...method("Paste a key", ["static_key"], paste),
  ];

  const renew = ([, name]: [string, string]) =>
    command.run(["refresh", "--profile", name], { seconds: 60 }).then(
      () => `${name}: renewed`,
      (error: Error) => `${name}: ${error.message}`,
    );
  return {
    ...(methods.length > 0 && { auth: { provider: attached[0]?.[0], methods } }),
    async config(config: Config) {
      await Promise.allSettled(attached.map(([id, name]) => attach(config, id, name)));
      if (unreadable && !options.providers) explain(config, unreadable);
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
        execute: async () => (await Promise.all(attached.map(renew))).join("\n"),
      },
    },
    async "chat.params"({ model, provider }: { model: ApiModel; provider: Provider }) {
      // With no address at all OpenCode fails before it calls our fetch, and in words that say nothing.
      const addressless = model.api.npm === COMPATIBLE && !model.api.url && !provider.options?.baseURL;
      if (unreadable && addressless) throw unreadable;
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
