import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import plugin from "../../../src/opencode/plugin.js";
import { type Behaviour, CommandDouble } from "./command-double.js";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

interface Provider {
  name?: string;
  npm?: string;
  options?: { fetch?: Fetch; baseURL?: string; apiKey?: string };
  models?: Record<string, object>;
}

/** OpenCode 1.18's own patterns: with one of these in an error's text it tries again. */
const RETRIED = [
  /429|500|502|503|504|524/i,
  /rate increased too quickly|rate limit|rate-limit|rate_limit|too many requests/i,
  /overloaded|service unavailable|service_unavailable|internal error|internal_error|internal server error|server error|server_error/i,
  /provider returned error|provider_returned_error|provider-returned-error/i,
  /terminated|fetch failed|failed to fetch|network[-_\s]error|upstream connect|connection error|connection refused|connection lost/i,
  /socket connection was closed|socket hang up|reset before headers|getaddrinfo|enotfound|eai_again/i,
  /econnrefused|econnreset|etimedout/i,
  /^timeout$|\b(?:request|response|connection|network|stream|read) (?:timeout|timed out|time out)\b/i,
  /try your request again|retry your request|resource exhausted|resource_exhausted/i,
  /\btry again (?:later|in\b)|\b(?:currently|temporarily) at capacity\b/i,
  /exhausted|unavailable/i,
];
const isRetried = (text: string) => RETRIED.some((pattern) => pattern.test(text));
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const token = (access_token: string) => ({ stdout: JSON.stringify({ access_token }) });

interface Seen {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Two lines of stderr, as the command writes them. */
const said = (sentence: string, hint: string) => `oidc-token: ${sentence}\noidc-token: hint: ${hint}\n`;

describe("the OpenCode plugin", () => {
  let server: Server;
  let origin: string;
  let seen: Seen[];
  let answer: (seen: Seen) => { status: number; headers?: Record<string, string> };
  let double: CommandDouble;

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      const one = { url: request.url ?? "", headers: request.headers, body };
      seen.push(one);
      const { status, headers } = answer(one);
      response.writeHead(status, headers).end("answer");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());
  beforeEach(() => {
    seen = [];
    answer = () => ({ status: 200 });
    double = new CommandDouble();
  });
  afterEach(() => double.dispose());

  function profile(overrides: object = {}): object {
    return {
      profile: "acme",
      provider: "acme",
      flow: "device_code",
      base_url: `${origin}/v1`,
      allowed_origins: [origin],
      header: "Authorization",
      header_scheme: "Bearer",
      default: true,
      secret_files: ["/secrets/store"],
      ...overrides,
    };
  }

  async function load(behaviour: Behaviour = {}, profiles: object[] = [profile()], options: object = {}) {
    double.behave({
      profiles: { stdout: JSON.stringify(profiles) },
      models: { stdout: '[{"id":"large","name":"Large"}]' },
      get: token("token-1"),
      "get refused": token("token-2"),
      ...behaviour,
    });
    return await plugin.server({ directory: "/project" }, { command: double.command, ...options });
  }

  async function configured(behaviour?: Behaviour, profiles?: object[], config: object = {}) {
    const hooks = await load(behaviour, profiles);
    await hooks.config(config);
    return (config as { provider: Record<string, Provider> }).provider;
  }

  async function wrapper(behaviour?: Behaviour, profiles?: object[]): Promise<Fetch> {
    const { fetch } = (await configured(behaviour, profiles)).acme?.options ?? {};
    if (!fetch) throw new Error("no fetch was set");
    return fetch;
  }

  async function failure(promise: Promise<unknown>): Promise<string> {
    return await promise.then(
      () => "",
      (error: Error) => error.message,
    );
  }

  test("exports a plugin and nothing else", async () => {
    expect(Object.keys(await import("../../../src/opencode/plugin.js"))).toEqual(["default"]);
    expect(Object.keys(plugin)).toEqual(["id", "server", "setup"]);
  });

  describe("the provider", () => {
    test("has the profile's address, the gateway's models and a placeholder for a key", async () => {
      const { acme } = await configured();
      expect(acme).toMatchObject({ npm: "@ai-sdk/openai-compatible", models: { large: { name: "Large" } } });
      expect(acme?.options?.baseURL).toBe(`${origin}/v1`);
      expect(acme?.options?.apiKey).toBe("kept-by-oidc-token");
    });

    test("keeps what opencode.json says of it, apart from its key", async () => {
      const options = { baseURL: "https://other.example/v1", apiKey: "sk-project" };
      const config = {
        provider: { acme: { npm: "@ai-sdk/anthropic", options, models: { large: { name: "Mine" } } } },
      };
      const { acme } = await configured({}, undefined, config);
      expect(acme).toMatchObject({ npm: "@ai-sdk/anthropic", models: { large: { name: "Mine" } } });
      expect(acme?.options).toMatchObject({
        baseURL: "https://other.example/v1",
        apiKey: "kept-by-oidc-token",
      });
    });

    test("has the models that model and small_model name", async () => {
      const config = { model: "acme/wanted", small_model: "acme/little", provider: {} };
      const { acme } = await configured({ models: { code: 3 } }, undefined, config);
      expect(Object.keys(acme?.models ?? {})).toEqual(["little", "wanted"]);
    });

    test("without any model has one that says to sign in, or it could not be chosen in /connect", async () => {
      const { acme } = await configured({ models: { code: 3 } });
      expect(acme?.models).toEqual({ "sign-in": { name: "Sign in with /connect" } });
    });

    test.each([
      ["is not JSON", { stdout: "oops" }],
      ["is not a list", { stdout: "{}" }],
      ["lacks everything", { stdout: "[{}]" }],
      ["is not to be had", { code: 1 }],
    ])("breaks nothing when the list of models %s", async (_what, models) => {
      const { acme } = await configured({ models });
      expect(acme?.options?.fetch).toBeTypeOf("function");
    });

    test("of a profile without base_url does not exist", async () => {
      expect(await configured({}, [profile({ base_url: undefined })])).toBeUndefined();
    });

    test.each(["oops", "{}", "null", "[null]", "[{}]", '[{"profile":1}]'])(
      "is left out and nothing is thrown when the profiles are %s",
      async (stdout) => {
        const hooks = await load({ profiles: { stdout } });
        await expect(hooks.config({})).resolves.toBeUndefined();
      },
    );
  });

  describe("a request", () => {
    test("carries the token in place of the placeholder, and all other headers", async () => {
      const fetch = await wrapper();
      const headers = { authorization: "Bearer kept-by-oidc-token", "x-other": "1" };
      const response = await fetch(`${origin}/v1/chat`, { method: "POST", headers, body: "words" });
      expect(await response.text()).toBe("answer");
      expect(seen).toMatchObject([
        { url: "/v1/chat", body: "words", headers: { authorization: "Bearer token-1", "x-other": "1" } },
      ]);
    });

    test("carries it in the profile's own header and no other", async () => {
      const fetch = await wrapper({}, [profile({ header: "x-api-key", header_scheme: "" })]);
      await fetch(`${origin}/v1/chat`, { headers: { authorization: "Bearer kept-by-oidc-token" } });
      expect(seen[0]?.headers["x-api-key"]).toBe("token-1");
      expect(seen[0]?.headers.authorization).toBeUndefined();
    });

    test("may be a Request", async () => {
      const fetch = await wrapper();
      await fetch(new Request(`${origin}/v1/chat`, { headers: { "x-other": "1" } }));
      expect(seen[0]?.headers).toMatchObject({ authorization: "Bearer token-1", "x-other": "1" });
    });

    test("asks the command for this profile and this origin, away from the project", async () => {
      const fetch = await wrapper();
      await fetch(`${origin}/v1/chat`);
      const [call] = double.calls("get");
      const named = [
        "get",
        "--profile",
        "acme",
        "--format",
        "json",
        "--url",
        origin,
        "--interactive",
        "never",
      ];
      expect(call?.args).toEqual(named);
      expect(call?.cwd).not.toBe(process.cwd());
    });

    test("shares the command with those made at the same time", async () => {
      const fetch = await wrapper({ get: { ...token("token-1"), after: 300 } });
      await Promise.all(Array.from({ length: 10 }, () => fetch(`${origin}/v1/chat`)));
      expect(double.calls("get")).toHaveLength(1);
      await fetch(`${origin}/v1/chat`);
      expect(double.calls("get")).toHaveLength(2);
    });

    test("finds its token asked for already, since the message was announced, and asks no second time", async () => {
      const hooks = await load();
      const config: { provider?: Record<string, Provider> } = {};
      await hooks.config(config);
      const info = (providerID: string) => ({ role: "user", model: { providerID, modelID: "large" } });
      await hooks["chat.message"]({}, { message: info("openai") });
      await hooks["chat.message"]({}, { message: info("acme") });
      const messages = [{ info: info("acme") }, { info: { role: "assistant" } }];
      await hooks["experimental.chat.messages.transform"]({}, { messages });
      await vi.waitUntil(() => double.calls("get").length === 1, 15_000);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await Promise.all([1, 2].map(() => config.provider?.acme?.options?.fetch?.(`${origin}/v1/chat`)));
      expect(seen.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill("Bearer token-1"));
      expect(double.calls("get")).toHaveLength(1);
    });

    test("to another origin fails with a sentence and is not sent, nor is a token asked for", async () => {
      const fetch = await wrapper({}, [profile({ allowed_origins: ["https://llm.example"] })]);
      const message = await failure(fetch(`${origin}/v1/chat`));
      expect(message).toContain(
        'the token of profile "acme" is for https://llm.example, not for http://127.0.0.1:',
      );
      expect(isRetried(message)).toBe(false);
      expect(seen).toEqual([]);
      expect(double.calls("get")).toEqual([]);
    });

    test("follows a redirect within its origins with the token", async () => {
      answer = ({ url }) =>
        url === "/v1/chat" ? { status: 307, headers: { location: "/v1/chat/" } } : { status: 200 };
      const fetch = await wrapper();
      expect((await fetch(`${origin}/v1/chat`, { method: "POST", body: "words" })).status).toBe(200);
      expect(seen[1]).toMatchObject({
        url: "/v1/chat/",
        body: "words",
        headers: { authorization: "Bearer token-1" },
      });
    });

    test("does not follow a redirect to another origin", async () => {
      answer = () => ({ status: 307, headers: { location: "http://127.0.0.1:1/v1/chat" } });
      const fetch = await wrapper({}, [profile({ header: "x-api-key" })]);
      expect(await failure(fetch(`${origin}/v1/chat`))).toContain("not for http://127.0.0.1:1");
    });

    test("ends when redirects never do", async () => {
      answer = () => ({ status: 307, headers: { location: "/again" } });
      const fetch = await wrapper();
      expect((await fetch(`${origin}/v1/chat`)).status).toBe(307);
      expect(seen).toHaveLength(6);
    });
  });

  describe("a refused token", () => {
    beforeEach(() => {
      answer = ({ headers }) => ({ status: headers.authorization === "Bearer token-1" ? 401 : 200 });
    });

    test("is renewed once and the request repeated, with the same body", async () => {
      const fetch = await wrapper();
      const response = await fetch(`${origin}/v1/chat`, { method: "POST", body: "words" });
      expect(response.status).toBe(200);
      expect(seen.map(({ body }) => body)).toEqual(["words", "words"]);
      expect(double.calls("get")[1]?.args.slice(-2)).toEqual(["--rejected-sha256", sha256("token-1")]);
    });

    test("is renewed by one process for all requests that are refused together", async () => {
      const fetch = await wrapper({ "get refused": { ...token("token-2"), after: 300 } });
      const responses = await Promise.all(Array.from({ length: 10 }, () => fetch(`${origin}/v1/chat`)));
      expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(200));
      expect(double.calls("get").filter(({ args }) => args.includes("--rejected-sha256"))).toHaveLength(1);
    });

    test("that is refused again ends with the gateway's reason and what to do", async () => {
      answer = () => ({
        status: 401,
        headers: { "www-authenticate": 'Bearer error_description="no such audience"' },
      });
      const fetch = await wrapper();
      const message = await failure(fetch(`${origin}/v1/chat`));
      expect(message).toContain(
        `refuses the token of profile "acme", and a renewed one as well: no such audience; check`,
      );
      expect(isRetried(message)).toBe(false);
      expect(seen).toHaveLength(2);
    });

    test("for ever costs one refresh and two requests, however many messages follow", async () => {
      answer = () => ({ status: 401 });
      let stored = "token-1";
      const fetch = await wrapper({ get: token(stored) });
      const messages: string[] = [];
      for (let i = 0; i < 3; i++) {
        messages.push(await failure(fetch(`${origin}/v1/chat`)));
        stored = "token-2";
        double.behave({ get: token(stored), "get refused": token("token-3") });
      }
      expect(new Set(messages).size).toBe(1);
      expect(seen).toHaveLength(2);
      expect(double.calls("get").filter(({ args }) => args.includes("--rejected-sha256"))).toHaveLength(1);
    });

    test("is not sent again where the command has no other", async () => {
      const fetch = await wrapper({ "get refused": token("token-1") });
      expect(await failure(fetch(`${origin}/v1/chat`))).toContain("refuses the token");
      expect(seen).toHaveLength(1);
    });

    test("is not sent again while the provider is away, and renewed once it is back", async () => {
      const away = { code: 5, stderr: "oidc-token: no answer from id.example\n" };
      const fetch = await wrapper({ "get refused": away });
      expect(isRetried(await failure(fetch(`${origin}/v1/chat`, { method: "POST", body: "words" })))).toBe(
        true,
      );
      expect(await failure(fetch(`${origin}/v1/chat`, { method: "POST", body: "words" }))).toContain(
        "no answer",
      );
      expect(seen).toHaveLength(1);
      double.behave({ get: token("token-1"), "get refused": token("token-2") });
      expect((await fetch(`${origin}/v1/chat`, { method: "POST", body: "words" })).status).toBe(200);
      expect(seen).toHaveLength(2);
    });

    test("that nothing can replace ends with the command's sentence and the gateway's reason", async () => {
      const stderr =
        'oidc-token: the server refused the key of profile "acme"\noidc-token: hint: store another\n';
      const fetch = await wrapper({ "get refused": { code: 7, stderr } });
      // A port may hold the digits of a status.
      expect((await failure(fetch(`${origin}/v1/chat`))).replaceAll("\u2060", "")).toMatch(
        /^oidc-token: the server refused the key of profile "acme"; store another; 127\.0\.0\.1:\d+ says: answer$/,
      );
    });

    test("is the gateway's answer where the body can't be sent twice", async () => {
      const fetch = await wrapper();
      const body = new Blob(["words"]).stream();
      const response = await fetch(`${origin}/v1/chat`, {
        method: "POST",
        body,
        duplex: "half",
      } as RequestInit);
      expect(response.status).toBe(401);
      expect(seen).toHaveLength(1);
    });
  });

  describe("abort", () => {
    const alive = (pid: number) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    const until = async (condition: () => boolean) => {
      for (let i = 0; i < 200 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
      expect(condition()).toBe(true);
    };

    test("ends the waiting at once, and the process nobody waits for", async () => {
      const fetch = await wrapper({ get: { ...token("token-1"), after: 60_000 } });
      const abort = new AbortController();
      const request = failure(fetch(`${origin}/v1/chat`, { signal: abort.signal }));
      await until(() => double.calls("get").length === 1);
      abort.abort(new Error("enough"));
      expect(await request).toBe("enough");
      const { pid = 0 } = double.calls("get")[0] ?? {};
      await until(() => !alive(pid));
    });

    test("of one request leaves the process to the others", async () => {
      const fetch = await wrapper({ get: { ...token("token-1"), after: 800 } });
      const abort = new AbortController();
      const one = failure(fetch(`${origin}/v1/chat`, { signal: abort.signal }));
      const other = fetch(`${origin}/v1/chat`, { signal: new AbortController().signal });
      await until(() => double.calls("get").length === 1);
      abort.abort(new Error("enough"));
      expect(await one).toBe("enough");
      expect((await other).status).toBe(200);
      expect(double.calls("get")).toHaveLength(1);
    });

    test("before the request starts no process", async () => {
      const fetch = await wrapper();
      expect(
        await failure(fetch(`${origin}/v1/chat`, { signal: AbortSignal.abort(new Error("late")) })),
      ).toBe("late");
      expect(double.calls("get")).toEqual([]);
    });
  });

  describe("a message", () => {
    test("on sign-in is one sentence with the command, and is not tried again", async () => {
      const stderr = said('not signed in to profile "acme"', "run: oidc-token login --profile acme");
      const fetch = await wrapper({ get: { code: 3, stderr } });
      const message = await failure(fetch(`${origin}/v1/chat`));
      expect(message).toBe(
        'oidc-token: not signed in to profile "acme"; run: oidc-token login --profile acme, or use /connect',
      );
      expect(isRetried(message)).toBe(false);
      expect(seen).toEqual([]);
    });

    test("on a session that can't be read names /connect too, and no other trouble of the store does", async () => {
      const damaged = 'what the file store holds for profile "acme" cannot be read';
      const login = said(damaged, "run: oidc-token login --profile acme");
      const fetch = await wrapper({ get: { code: 6, stderr: login } });
      expect(await failure(fetch(`${origin}/v1/chat`))).toContain("--profile acme, or use /connect");
      double.behave({ get: { code: 6, stderr: said("the keyring is locked", "unlock it") } });
      expect(await failure(fetch(`${origin}/v1/chat`))).toBe("oidc-token: the keyring is locked; unlock it");
    });

    test("on temporary trouble is tried again, and the third time is the last", async () => {
      const fetch = await wrapper({
        get: { code: 5, stderr: said("no answer from id.example", "check the network") },
      });
      const words = { method: "POST", body: "words" };
      for (const _attempt of [1, 2]) {
        const message = await failure(fetch(`${origin}/v1/chat`, words));
        expect(message).toBe("oidc-token: no answer from id.example; try again later");
        expect(isRetried(message)).toBe(true);
      }
      const other = await failure(fetch(`${origin}/v1/chat`, { method: "POST", body: "other words" }));
      expect(isRetried(other)).toBe(true);
      const last = await failure(fetch(`${origin}/v1/chat`, words));
      expect(last).toBe("oidc-token: no answer from id.example (tried 3 times)");
      expect(isRetried(last)).toBe(false);
      expect(isRetried(await failure(fetch(`${origin}/v1/chat`, words)))).toBe(true);
    });

    test.each([
      [4, "the port 5031 in /etc/500/429.jsonc is no port"],
      [7, "the provider answered: server_error, connection refused, request timed out"],
      [6, "the keyring is unavailable, resource exhausted, try again later"],
      [2, "too many requests: rate limit, overloaded, terminated"],
      [7, "provider returned error: upstream connect error, reset before headers, currently at capacity"],
      [4, "getaddrinfo ENOTFOUND id.example, EAI_AGAIN, ECONNREFUSED, ECONNRESET, ETIMEDOUT, socket hang up"],
      [7, "failed to fetch, rate increased too quickly, try your request again"],
    ])("of exit code %i never looks like trouble that passes", async (code, sentence) => {
      const fetch = await wrapper({ get: { code, stderr: said(sentence, "mend it") } });
      const message = await failure(fetch(`${origin}/v1/chat`));
      expect(message.replaceAll("\u2060", "")).toBe(`oidc-token: ${sentence}; mend it`);
      expect(isRetried(message)).toBe(false);
    });

    test("where the command says nothing names its exit code", async () => {
      const fetch = await wrapper({ get: { code: 1 } });
      expect(await failure(fetch(`${origin}/v1/chat`))).toBe("oidc-token ended with exit code 1");
    });

    test("takes the place of requests without a token when the profiles can't be read", async () => {
      const profiles = { code: 4, stderr: said("config.jsonc:3: unknown key", "write it right") };
      const config = { model: "acme/large", provider: { acme: { options: { baseURL: `${origin}/v1` } } } };
      const { acme } = await configured({ profiles }, undefined, config);
      expect(await failure(acme?.options?.fetch?.(`${origin}/v1/chat`) as Promise<unknown>)).toBe(
        "oidc-token: config.jsonc:3: unknown key; write it right",
      );
      expect(seen).toEqual([]);
    });

    test("leaves alone a request that has a key of its own", async () => {
      const config = { model: "openai/large" };
      const { openai } = await configured({ profiles: { code: 4 } }, undefined, config);
      await openai?.options?.fetch?.(`${origin}/v1/chat`, { headers: { authorization: "Bearer sk-own" } });
      expect(seen[0]?.headers.authorization).toBe("Bearer sk-own");
    });

    test("says so when the command can't be started", async () => {
      const options = { command: ["/nowhere/oidc-token"], providers: { acme: { profile: "acme" } } };
      const config: { provider?: Record<string, Provider> } = {};
      await (await load({}, [], options)).config(config as object);
      const message = await failure(
        config.provider?.acme?.options?.fetch?.(`${origin}/v1`) as Promise<unknown>,
      );
      expect(message).toContain("oidc-token cannot be started, since there is none on PATH");
      expect(isRetried(message)).toBe(false);
    });
  });

  describe("the tool oidc_token_status", () => {
    test("names the endpoint of each profile", async () => {
      const rows = [
        { profile: "acme", signed_in: true, next: "serve" },
        { profile: "kubectl", signed_in: false, next: "sign_in" },
      ];
      const { tool } = await load({ status: { stdout: JSON.stringify(rows) } });
      const { execute } = tool.oidc_token_status as unknown as { execute(): Promise<string> };
      expect(JSON.parse(await execute())).toEqual([{ ...rows[0], endpoint: `${origin}/v1` }, rows[1]]);
    });
  });

  describe("/connect", () => {
    interface Method {
      readonly label: string;
      readonly prompts: readonly { readonly options: readonly { readonly value: string }[] }[];
      authorize(inputs?: Record<string, string>): Promise<{
        readonly url: string;
        readonly instructions: string;
        readonly method: string;
        callback(code?: string): Promise<object>;
      }>;
    }
    const methods = (hooks: object) => (hooks as { auth?: { methods: Method[] } }).auth?.methods ?? [];
    const device = {
      event: "device_code",
      verification_uri: "https://id.example/device",
      user_code: "ABCD-EFGH",
      expires_in: 300,
    };

    test("shows the code and waits for the end of the sign-in", async () => {
      const hooks = await load({ login: { stdout: `${JSON.stringify(device)}\n`, after: 300 } });
      const shown = await methods(hooks)[0]?.authorize();
      expect(shown).toMatchObject({
        url: "https://id.example/device",
        instructions: "Enter the code ABCD-EFGH",
      });
      expect(await shown?.callback()).toEqual({
        type: "success",
        key: "kept-by-oidc-token",
      });
    });

    test("shows the address of a sign-in by browser", async () => {
      const stdout = '{"event":"browser","url":"https://id.example/authorize?x"}\n';
      const shown = await methods(await load({ login: { stdout } }))[0]?.authorize();
      expect(shown).toMatchObject({ url: "https://id.example/authorize?x", method: "auto" });
    });

    test("fails when the person says no", async () => {
      const hooks = await load({ login: { stdout: `${JSON.stringify(device)}\n`, code: 7 } });
      expect(await (await methods(hooks)[0]?.authorize())?.callback()).toEqual({ type: "failed" });
    });

    test("says why when the sign-in can't begin", async () => {
      const hooks = await load({ login: { code: 4, stderr: "oidc-token: no issuer\n" } });
      expect(await failure(methods(hooks)[0]?.authorize() as Promise<unknown>)).toBe("oidc-token: no issuer");
    });

    test("is not offered where no profile needs it", async () => {
      expect(methods(await load({}, [profile({ flow: "client_credentials" })]))).toEqual([]);
    });

    test("leaves browser or code to the person where a profile has both", async () => {
      const both = profile({ flow: "authorization_code device_code" });
      const stdout = '{"event":"browser","url":"https://id.example/authorize?x"}\n';
      const [browser, code, ...more] = methods(await load({ login: { stdout } }, [both]));
      expect([browser?.label, code?.label, more]).toEqual([
        "Sign in again with the browser",
        "Sign in again with a code",
        [],
      ]);
      await browser?.authorize();
      await code?.authorize();
      expect(double.calls("login").map(({ args }) => args.slice(-2))).toEqual([
        ["--flow", "authorization_code"],
        ["--flow", "device_code"],
      ]);
    });

    test("tells signed in and signed out apart, in the label and in the provider's name", async () => {
      const status = (next: string) => ({ status: { stdout: JSON.stringify([{ profile: "acme", next }]) } });
      expect(methods(await load(status("sign_in")))[0]?.label).toBe("Sign in");
      expect(methods(await load(status("serve")))[0]?.label).toBe("Sign in again");
      expect((await configured(status("sign_in"))).acme?.name).toBe("acme (signed out)");
      expect((await configured(status("serve"))).acme?.name).toBeUndefined();
      expect((await configured({ status: { code: 6 } })).acme?.name).toBeUndefined();
    });

    test("says of a session that can't be read what it is, and not that nobody is signed in", async () => {
      const sentence = 'what the file store holds for profile "acme" cannot be read';
      const row = { profile: "acme", next: "sign_in", error: sentence };
      const one = { status: { stdout: JSON.stringify([row]) } };
      const all = { status: { code: 6, stderr: said(sentence, "run: oidc-token login --profile acme") } };
      for (const behaviour of [one, all]) {
        expect((await configured(behaviour)).acme?.name).toBe("acme (stored sign-in cannot be read)");
        expect(methods(await load(behaviour))[0]?.label).toBe("Sign in");
      }
      const late = { status: { code: 5, stderr: said("the keyring gave no answer", "try again") } };
      expect((await configured(late)).acme?.name).toBeUndefined();
    });

    test("asks which profile only where there are several, and each method has its own", async () => {
      const key = profile({ profile: "keyed", provider: "keyed", flow: "static_key" });
      const second = profile({
        profile: "second",
        provider: "second",
        flow: "authorization_code device_code",
      });
      const [browser, signIn, paste] = methods(await load({}, [profile(), key, second]));
      expect(browser?.prompts).toEqual([]);
      expect(signIn?.prompts[0]?.options.map(({ value }) => value)).toEqual(["acme", "second"]);
      expect(paste).toMatchObject({ label: "Paste a key", prompts: [] });
      expect(signIn?.prompts[0]?.options[0]).toMatchObject({ hint: "signed in" });
    });
  });

  describe("for the agent", () => {
    const secret = { secret_files: ["/secrets/store"], secret_variables: ["LLM_KEY"] };

    test("keeps tools from the files that hold secrets, wherever the project is", async () => {
      const hooks = await load({}, [profile(secret)]);
      const call = (tool: string, args: object) => failure(hooks["tool.execute.before"]({ tool }, { args }));
      expect(await call("read", { filePath: "../secrets/store/a.json" })).toContain("keeps its store");
      expect(await call("grep", { pattern: "x", path: "/" })).toContain("search in a folder that");
      expect(await call("read", { filePath: "src/get.ts" })).toBe("");
    });

    test("marks its shells and blanks what is secret in them", async () => {
      const hooks = await load({}, [profile(secret)]);
      const env = {};
      await hooks["shell.env"]({}, { env });
      expect(env).toEqual({ OIDC_TOKEN_AGENT: "1", LLM_KEY: "" });
    });

    test("marks its shells where the profiles can't be read, too", async () => {
      const hooks = await load({ profiles: { code: 4 } });
      const env = {};
      await hooks["shell.env"]({}, { env });
      expect(env).toEqual({ OIDC_TOKEN_AGENT: "1" });
    });

    test("runs its own command without the mark, also in an OpenCode that an agent started", async () => {
      vi.stubEnv("OIDC_TOKEN_AGENT", "1");
      await (await wrapper())(`${origin}/v1/chat`);
      vi.unstubAllEnvs();
      expect(double.calls("get")[0]?.agent).toBe("");
    });
  });
});
