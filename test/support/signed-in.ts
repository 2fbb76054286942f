import type { ChildProcess } from "node:child_process";
import type { LoginEvent } from "../../src/terminal/events.js";
import type { Outcome, RunOptions, Sandbox } from "./command.js";
import { createVisitor } from "./person.js";
import { API, CLIENTS, type TestProvider } from "./provider.js";

/** A profile for the embedded provider's public client, with a JWT access token for its API. */
export function deviceProfile(provider: Pick<TestProvider, "issuer">, overrides: object = {}): object {
  return {
    issuer: provider.issuer,
    flow: "device_code",
    client_id: CLIENTS.public.client_id,
    scope: "openid offline_access api:read",
    resource: API.resource,
    base_url: "https://llm.example.test/v1",
    ...overrides,
  };
}

/** The same with a browser sign-in, which is quicker because nobody polls. */
export function browserProfile(provider: Pick<TestProvider, "issuer">, overrides: object = {}): object {
  return deviceProfile(provider, { flow: "authorization_code", ...overrides });
}

/** The JSON events of `login --json` as they come. */
export async function* loginEvents(login: ChildProcess): AsyncGenerator<LoginEvent> {
  let text = "";
  for await (const chunk of login.stdout ?? []) {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield JSON.parse(text.slice(0, end)) as LoginEvent;
      text = text.slice(end + 1);
    }
  }
}

/** Runs `login --json` to its end, with a person who does what the events ask for. */
export async function signIn(
  sandbox: Sandbox,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Outcome> {
  const login = sandbox.start(["login", "--json", "--no-browser", ...args], { input: "", ...options });
  for await (const event of loginEvents(login)) {
    if (event.event === "device_code") await createVisitor().approveDevice(event);
    if (event.event === "browser") await createVisitor().visit(event.url);
  }
  return await login.outcome;
}
