import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OpenCodeServer } from "../support/opencode-server.js";
import {
  named,
  openCodeMissing,
  type Setting,
  STATIC_KEY,
  startSetting,
} from "../support/opencode-setting.js";
import { createVisitor } from "../support/person.js";
import { startTerminal, type Terminal } from "../support/terminal.js";

interface Method {
  readonly type: string;
  readonly label: string;
  readonly prompts?: { readonly options?: { readonly value: string }[] }[];
}

interface Authorization {
  readonly url: string;
  readonly instructions: string;
  readonly method: string;
}

describe.skipIf(openCodeMissing)(named("/connect in OpenCode"), () => {
  let setting: Setting;
  let server: OpenCodeServer | undefined;
  beforeAll(async () => {
    setting = await startSetting();
  });
  afterAll(() => setting?.stop());
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });
  beforeEach(async () => {
    setting.sandbox.configure({ profiles: { acme: setting.profile() } });
    setting.opencode.configure({ model: "acme/large", small_model: "acme/small" });
    await setting.sandbox.run(["logout", "--all"]);
    setting.gateway.requests.length = 0;
  });

  /** Everything OpenCode keeps in its data folder. */
  function kept(): string {
    const folder = join(setting.sandbox.home, "data", "opencode");
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return files.map((file) => readFileSync(join(file.parentPath, file.name), "latin1")).join("\n");
  }

  async function methods(server: OpenCodeServer, id: string): Promise<Method[]> {
    return ((await server.call("GET", "/provider/auth")) as Record<string, Method[]>)[id] ?? [];
  }

  async function nameOf(server: OpenCodeServer, id: string): Promise<string | undefined> {
    const { all } = (await server.call("GET", "/provider")) as { all: { id: string; name: string }[] };
    return all.find((each) => each.id === id)?.name;
  }

  async function startServer(): Promise<OpenCodeServer> {
    server = await OpenCodeServer.start(setting.opencode);
    return server;
  }

  test("over the HTTP API: sign-in, the models appear, and the session that failed goes on", async () => {
    setting.opencode.configure({});
    const server = await startServer();
    expect(await server.models("acme")).toEqual(["sign-in"]);
    expect(await nameOf(server, "acme")).toBe("acme (signed out)");
    const session = await server.newSession();
    expect((await server.say(session, "hi")).error).toContain("not signed in to profile");

    expect(await methods(server, "acme")).toMatchObject([{ type: "oauth", label: "Sign in" }]);
    const shown = (await server.call("POST", "/provider/acme/oauth/authorize", {
      method: 0,
    })) as Authorization;
    const user_code = /[A-Z]{4}-[A-Z]{4}/.exec(shown.instructions)?.[0] ?? "";
    expect(shown).toMatchObject({ method: "auto", url: expect.stringContaining(setting.provider.issuer) });
    const ended = server.call("POST", "/provider/acme/oauth/callback", { method: 0 });
    await createVisitor().approveDevice({ verification_uri: `${setting.provider.issuer}/device`, user_code });
    expect(await ended).toBe(true);
    expect((await server.say(session, "hi")).error).toBeUndefined();

    await server.call("POST", "/instance/dispose");
    expect(await server.models("acme")).toEqual(["large", "small"]);
    expect(await nameOf(server, "acme")).toBe("acme");
    expect(await methods(server, "acme")).toMatchObject([{ type: "oauth", label: "Sign in again" }]);
    const answer = await server.call("POST", `/session/${session}/message`, {
      model: { providerID: "acme", modelID: "small" },
      parts: [{ type: "text", text: "hi" }],
    });
    expect(JSON.stringify(answer)).toContain("Hello from the model");
    expect(setting.gateway.requests.every(({ allowed }) => allowed)).toBe(true);
    const token = (await setting.sandbox.run(["get"])).stdout.trim();
    expect(token.length).toBeGreaterThan(100);
    expect(kept()).not.toContain(token);
  });

  test("a sign-in that the person refuses fails, and can be started again", async () => {
    const server = await startServer();
    setting.provider.behaviour.person = "refuses";
    const shown = (await server.call("POST", "/provider/acme/oauth/authorize", {
      method: 0,
    })) as Authorization;
    const ended = server.call("POST", "/provider/acme/oauth/callback", { method: 0 });
    await createVisitor().visit(shown.url);
    await setting.provider.fault({
      kind: "answer",
      status: 400,
      body: '{"error":"access_denied"}',
      path: "/token",
    });
    expect(await ended).toMatchObject({ name: "ProviderAuthOauthCallbackFailed" });
    await setting.provider.fault(undefined);
    setting.provider.behaviour.person = "agrees";
    const again = (await server.call("POST", "/provider/acme/oauth/authorize", {
      method: 0,
    })) as Authorization;
    expect(again.instructions).toMatch(/[A-Z]{4}-[A-Z]{4}/);
    expect(again.instructions).not.toBe(shown.instructions);
  });

  test("a pasted key ends in our store and not in OpenCode's", async () => {
    const key = { flow: "static_key", key: "{keyring}", base_url: setting.gateway.url };
    setting.sandbox.configure({ profiles: { keyed: key } });
    setting.opencode.configure({ model: "keyed/large", small_model: "keyed/small" });
    const server = await startServer();
    expect(await methods(server, "keyed")).toMatchObject([{ label: "Paste a key" }]);
    await server.call("POST", "/provider/keyed/oauth/authorize", { method: 0 });
    const ended = server.call("POST", "/provider/keyed/oauth/callback", { method: 0, code: STATIC_KEY });
    expect(await ended).toBe(true);
    expect((await server.say(await server.newSession(), "hi")).text).toBe("Hello from the model");
    expect((await setting.sandbox.run(["get"])).stdout.trim()).toBe(STATIC_KEY);
    expect(kept()).not.toContain(STATIC_KEY);
  });

  test("with several profiles a select prompt asks which", async () => {
    const key = { flow: "static_key", key: "{keyring}", base_url: setting.gateway.url };
    const second = setting.profile({ scope: "openid offline_access api:write" });
    setting.sandbox.configure({ profiles: { acme: setting.profile(), second, keyed: key } });
    const server = await startServer();
    const found = await methods(server, "acme");
    expect(found.map(({ label }) => label)).toEqual(["Sign in", "Paste a key"]);
    expect(found[0]?.prompts?.[0]?.options?.map(({ value }) => value)).toEqual(["acme", "second"]);
    const inputs = { profile: "second" };
    const shown = (await server.call("POST", "/provider/acme/oauth/authorize", {
      method: 0,
      inputs,
    })) as Authorization;
    const user_code = /[A-Z]{4}-[A-Z]{4}/.exec(shown.instructions)?.[0] ?? "";
    const ended = server.call("POST", "/provider/acme/oauth/callback", { method: 0 });
    await createVisitor().approveDevice({ verification_uri: `${setting.provider.issuer}/device`, user_code });
    expect(await ended).toBe(true);
    expect((await setting.sandbox.run(["get", "--profile", "second"])).code).toBe(0);
    expect((await setting.sandbox.run(["get", "--profile", "acme"])).code).toBe(3);
  });

  test("browser or code is a choice where the profile has both", async () => {
    const flow = ["authorization_code", "device_code"];
    setting.sandbox.configure({ profiles: { acme: setting.profile({ flow }) } });
    const server = await startServer();
    expect((await methods(server, "acme")).map(({ label }) => label)).toEqual([
      "Sign in with the browser",
      "Sign in with a code",
    ]);
    const shown = (await server.call("POST", "/provider/acme/oauth/authorize", {
      method: 1,
    })) as Authorization;
    expect(shown.instructions).toMatch(/Enter the code [A-Z]{4}-[A-Z]{4}/);
  });

  test("a session whose first message failed gets its title with the next answer", async () => {
    const server = await startServer();
    const session = await server.newSession();
    expect((await server.say(session, "hi")).error).toContain("not signed in to profile");
    await setting.signIn();
    expect((await server.say(session, "hi again")).text).toBe("Hello from the model");
    const title = async () => ((await server.call("GET", `/session/${session}`)) as { title: string }).title;
    await expect.poll(title, { timeout: 30_000, interval: 300 }).toBe("Hello from the model");
    expect(await server.call("GET", `/session/${session}/children`)).toEqual([]);
  });

  test("an OpenCode that ends with the answer makes up no title and leaves no session behind", async () => {
    const { opencode } = setting;
    expect((await opencode.run(["run", "hi"])).stderr).toContain("not signed in to profile");
    await setting.signIn();
    expect((await opencode.run(["run", "--continue", "hi again"])).stdout).toContain("Hello from the model");
    const server = await startServer();
    const [newest] = (await server.call("GET", "/session")) as { id: string; title: string }[];
    expect(newest?.title).toMatch(/^(?:New session - |Hello from the model$)/);
    expect(await server.call("GET", `/session/${newest?.id}/children`)).toEqual([]);
  });

  /** Presses a key until the screen shows what follows: OpenCode misses keys while it is still drawing. */
  function pressing(terminal: Terminal) {
    return async (key: string, follows: RegExp) => {
      for (let i = 0; ; i++) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        await terminal.press(key);
        const shown = await terminal.until(follows, 15).catch((error: Error) => error);
        if (typeof shown === "string") return shown;
        if (i === 3) throw shown;
      }
    };
  }

  test("in the terminal: the message that failed is answered after /connect, without a restart", async () => {
    const { opencode, provider } = setting;
    const terminal = await startTerminal(opencode.binary, opencode.env, opencode.project);
    const press = pressing(terminal);
    const send = async (text: string, follows: RegExp) => {
      await terminal.type(text);
      await terminal.until(new RegExp(`┃ +${text}`));
      await press("Enter", follows);
    };
    try {
      await terminal.until(/Ask anything.*large acme/s);
      await send("first words", /not signed in to profile "acme"/);
      await terminal.type("/connect");
      await terminal.until(/Connect provider/);
      await press("Enter", /Connect a provider/);
      await terminal.type("acme");
      await terminal.until(/✓ acme/);
      const shown = await press("Enter", /Enter the code [A-Z]{4}-[A-Z]{4}/);
      const user_code = /Enter the code ([A-Z-]+)/.exec(shown)?.[1] ?? "";
      await createVisitor().approveDevice({ verification_uri: `${provider.issuer}/device`, user_code });
      await terminal.until(/small.*Connect provider/s);
      await press("Enter", /^(?!.*Connect provider)/s);
      await send("second words", /second words.*Hello from the model/s);
    } finally {
      await terminal.stop();
    }
  });

  test("in the terminal: a pasted key is kept by oidc-token, and the models follow", async () => {
    const { opencode, sandbox, gateway } = setting;
    const key = { flow: "static_key", key: "{keyring}", base_url: gateway.url };
    sandbox.configure({ profiles: { keyed: key } });
    opencode.configure({ model: "keyed/large", small_model: "keyed/small" });
    const terminal = await startTerminal(opencode.binary, opencode.env, opencode.project);
    const press = pressing(terminal);
    try {
      await terminal.until(/Ask anything.*large keyed \(signed out\)/s);
      await terminal.type("/connect");
      await terminal.until(/Connect provider/);
      await press("Enter", /Connect a provider/);
      await terminal.type("keyed");
      await terminal.until(/✓ keyed \(signed out\)/);
      await press("Enter", /Paste the key of profile "keyed"/);
      await terminal.paste(`${STATIC_KEY}\n`);
      await terminal.until(new RegExp(STATIC_KEY));
      await press("Enter", /large[\s\S]*small/);
      expect((await sandbox.run(["get"])).stdout.trim()).toBe(STATIC_KEY);
      expect(kept()).not.toContain(STATIC_KEY);
    } finally {
      await terminal.stop();
    }
  });
});
