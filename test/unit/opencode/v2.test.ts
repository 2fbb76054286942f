import { afterEach, beforeEach, describe, expect, test } from "vitest";
import plugin from "../../../src/opencode/plugin.js";
import { CommandDouble } from "./command-double.js";

interface RequestEvent {
  readonly sessionID: string;
  readonly agent: string;
  readonly kind: string;
  readonly model: { readonly providerID: string; readonly id: string };
  request: Request;
}

type Hook = (event: RequestEvent) => Promise<void>;

/** What V2 gives a plugin, as its published documents and plugins on it have it: `ctx.session.hook(NAME, callback)`. */
class ContextDouble {
  readonly hooks = new Map<string, Hook>();
  readonly session = {
    hook: async (name: string, callback: Hook) => {
      this.hooks.set(name, callback);
      return { dispose: async () => void this.hooks.delete(name) };
    },
  };
  constructor(readonly options: object) {}

  async request(providerID: string, request: Request): Promise<Request> {
    const event = {
      sessionID: "ses_1",
      agent: "build",
      kind: "primary",
      model: { providerID, id: "large" },
      request,
    };
    await this.hooks.get("http.request")?.(event);
    return event.request;
  }
}

describe("the plugin on V2 of OpenCode's plugin API", () => {
  let double: CommandDouble;
  let context: ContextDouble;
  beforeEach(async () => {
    double = new CommandDouble();
    const facts = {
      profile: "acme",
      provider: "acme",
      flow: "device_code",
      base_url: "https://llm.example/v1",
    };
    const rest = {
      allowed_origins: ["https://llm.example"],
      header: "Authorization",
      header_scheme: "Bearer",
    };
    const keyed = {
      ...facts,
      ...rest,
      profile: "keyed",
      provider: "keyed",
      header: "x-api-key",
      header_scheme: "",
    };
    double.behave({
      profiles: { stdout: JSON.stringify([{ ...facts, ...rest }, keyed]) },
      status: { stdout: "[]" },
      get: { stdout: '{"access_token":"token-1"}' },
    });
    context = new ContextDouble({ command: double.command });
    await plugin.setup(context);
  });
  afterEach(() => double.dispose());

  const chat = (origin = "https://llm.example") =>
    new Request(`${origin}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer kept-by-oidc-token", "x-other": "1" },
      body: "words",
    });

  test("puts the token into each request of its provider, and leaves the rest as it is", async () => {
    const sent = await context.request("acme", chat());
    expect(Object.fromEntries(sent.headers)).toMatchObject({
      authorization: "Bearer token-1",
      "x-other": "1",
    });
    expect([sent.method, sent.url, await sent.text()]).toEqual(["POST", chat().url, "words"]);
  });

  test("uses the profile's own header, and lets no redirect take it along", async () => {
    const sent = await context.request("keyed", chat());
    expect([sent.headers.get("x-api-key"), sent.headers.get("authorization"), sent.redirect]).toEqual([
      "token-1",
      null,
      "error",
    ]);
  });

  test("asks for no token for another origin, and says why", async () => {
    await expect(context.request("acme", chat("https://elsewhere.example"))).rejects.toThrow(
      "not for https://elsewhere",
    );
    expect(double.calls("get")).toEqual([]);
  });

  test("leaves other providers alone", async () => {
    const request = chat();
    expect(await context.request("openai", request)).toBe(request);
  });

  test("does nothing in a release whose V2 has no such hook, such as 1.18", async () => {
    const before = double.calls().length;
    await expect(plugin.setup({ options: { command: double.command } })).resolves.toBeUndefined();
    expect(double.calls()).toHaveLength(before);
  });
});
