import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Trouble } from "../support/gateway.js";
import { OpenCodeServer } from "../support/opencode-server.js";
import {
  named,
  openCodeMissing,
  type Setting,
  STATIC_KEY,
  startSetting,
} from "../support/opencode-setting.js";

const HELLO = { text: "Hello from the model", error: undefined };

describe.skipIf(openCodeMissing)(named("A conversation in OpenCode"), () => {
  let setting: Setting;
  let server: OpenCodeServer;
  beforeAll(async () => {
    setting = await startSetting();
    const key = { flow: "static_key", key: STATIC_KEY, base_url: setting.gateway.url };
    const second = setting.profile({ scope: "openid offline_access api:write" });
    setting.sandbox.configure({ profiles: { acme: setting.profile(), second, keyed: key } });
    await setting.signIn("acme");
    await setting.signIn("second");
    setting.opencode.configure({ model: "acme/large", agent: { title: { disable: true } } });
    server = await OpenCodeServer.start(setting.opencode);
  });
  afterAll(() => setting?.stop());
  beforeEach(() => {
    setting.gateway.requests.length = 0;
    setting.gateway.instead = undefined;
  });

  const chats = () => setting.gateway.requests.filter(({ path }) => path.endsWith("/chat/completions"));
  const tokenOf = async (profile: string) =>
    (await setting.sandbox.run(["get", "--profile", profile])).stdout.trim();

  test("by three profiles in turn: each provider gets its own token or key", async () => {
    const session = await server.newSession();
    for (const model of ["acme/large", "second/large", "keyed/large"]) {
      expect(await server.say(session, "hi", { model })).toEqual(HELLO);
    }
    const tokens = [await tokenOf("acme"), await tokenOf("second"), STATIC_KEY];
    expect(new Set(tokens).size).toBe(3);
    expect(chats().map(({ credential }) => credential)).toEqual(tokens);
  });

  test("in two folders of one server: each has its own configuration and the user's token", async () => {
    const other = join(setting.sandbox.home, "other");
    mkdirSync(other);
    writeFileSync(join(other, "opencode.json"), JSON.stringify({ model: "second/small" }));
    const [here, there] = [await server.newSession(), await server.newSession(other)];
    const replies = await Promise.all([
      server.say(here, "hi"),
      server.say(there, "hi", { directory: other }),
    ]);
    expect(replies).toEqual([HELLO, HELLO]);
    const sent = new Set(chats().map(({ credential, body }) => `${JSON.parse(body).model} ${credential}`));
    expect(sent).toEqual(new Set([`large ${await tokenOf("acme")}`, `small ${await tokenOf("second")}`]));
  });

  test("403 is the gateway's own word: shown as it is, sent once, nothing renewed", async () => {
    const before = setting.refreshes();
    setting.gateway.instead = () => ({ status: 403, message: "this model is not for your team" });
    const { error } = await server.say(await server.newSession(), "hi");
    expect(error).toContain("this model is not for your team");
    expect([chats().length, setting.refreshes() - before]).toEqual([1, 0]);
  });

  test.each([
    [429, "too many requests from your team", { "retry-after": "1" }],
    [503, "the model is loading", {}],
  ])("%i passes: OpenCode waits and asks again, with the same token", async (status, message, headers) => {
    const before = setting.refreshes();
    const troubles: Trouble[] = [{ status, message, headers }];
    setting.gateway.instead = () => troubles.pop();
    expect(await server.say(await server.newSession(), "hi")).toEqual(HELLO);
    expect(chats()).toHaveLength(2);
    expect(new Set(chats().map(({ credential }) => credential))).toEqual(new Set([await tokenOf("acme")]));
    expect(setting.refreshes() - before).toBe(0);
  });

  test("401 for ever: one refresh in three messages, no token twice, and the reason with what to do", async () => {
    const before = setting.refreshes();
    setting.gateway.before = (credential) => void (credential && setting.gateway.revoked.add(credential));
    const session = await server.newSession();
    const errors: (string | undefined)[] = [];
    for (const text of ["one", "two", "three"]) errors.push((await server.say(session, text)).error);
    setting.gateway.before = undefined;
    const sentence =
      'refuses the token of profile "acme", and a renewed one as well: token revoked; check the profile';
    for (const error of errors) expect(error?.replaceAll("\u2060", "")).toContain(sentence);
    const sent = chats().map(({ credential }) => credential);
    expect(new Set(sent).size).toBe(sent.length);
    expect(setting.refreshes() - before).toBe(1);
  });
});
