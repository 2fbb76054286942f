import { describe, expect, test } from "vitest";
import { type Client, Titles } from "../../../src/opencode/title.js";

const UNTITLED = "New session - 2026-11-27T03:00:00.000Z";
const user = (text: string) => ({ info: { role: "user" }, parts: [{ type: "text", text }] });
const failed = {
  info: { role: "assistant", error: { name: "UnknownError" }, providerID: "acme" },
  parts: [],
};
const answered = (providerID = "acme") => ({
  info: { role: "assistant", providerID, modelID: "large" },
  parts: [{ type: "text", text: "Hello" }],
});

/** OpenCode's client, with one session in it. */
function clientWith(messages: object[], session: object = {}) {
  const calls: [string, object][] = [];
  const said = {
    info: { role: "assistant" },
    parts: [{ type: "text", text: "<think>hm</think>\nGreeting the model\nx" }],
  };
  const answer =
    (name: string, data?: object) =>
    async (request: object): Promise<{ data?: never }> => {
      calls.push([name, request]);
      return { data } as { data?: never };
    };
  const client = {
    session: {
      get: answer("get", { id: "ses_1", title: UNTITLED, ...session }),
      messages: answer("messages", messages),
      create: answer("create", { id: "ses_2", title: "Title" }),
      prompt: answer("prompt", said),
      update: answer("update"),
      delete: answer("delete"),
    },
  } as Client;
  const titles = new Titles(client, (id) => id === "acme");
  const see = (small?: string) => titles.see("ses_1", small);
  return {
    titles,
    see,
    named: (name: string) => calls.filter(([each]) => each === name).map(([, request]) => request),
  };
}

describe("the title of a session whose first message failed", () => {
  const later = [user("first words"), failed, user("second words"), answered()];

  test("is asked for once a later one is answered, of the small model, in a session that is deleted", async () => {
    const { named, see } = clientWith(later);
    await see("acme/small");
    expect(named("prompt")).toMatchObject([
      { path: { id: "ses_2" }, body: { agent: "title", model: { providerID: "acme", modelID: "small" } } },
    ]);
    expect(JSON.stringify(named("prompt"))).toContain("first words\\nsecond words");
    expect(named("update")).toEqual([{ path: { id: "ses_1" }, body: { title: "Greeting the model" } }]);
    expect(named("delete")).toEqual([{ path: { id: "ses_2" } }]);
  });

  test("is asked for once, and not again where that fails", async () => {
    const { named, titles } = clientWith(later);
    await Promise.all([titles.see("ses_1", undefined), titles.see("ses_1", undefined)]);
    await titles.see("ses_1", undefined);
    expect(named("prompt")).toHaveLength(1);
  });

  test("comes from the model that answered where there is no small one of this provider", async () => {
    const { named, see } = clientWith(later);
    await see("other/small");
    expect(named("prompt")).toMatchObject([{ body: { model: { providerID: "acme", modelID: "large" } } }]);
  });

  test.each([
    ["it has one", later, { title: "My own" }],
    ["it is a sub-agent's", later, { parentID: "ses_0" }],
    ["the first message was answered: OpenCode asks itself", [user("first words"), answered()], {}],
    ["the last message failed as well", [user("first words"), failed, user("second words"), failed], {}],
    [
      "another provider answered",
      [user("first words"), failed, user("second words"), answered("openai")],
      {},
    ],
  ])("is not asked for where %s", async (_what, messages, session) => {
    const { named, see } = clientWith(messages, session);
    await see(undefined);
    expect([named("create"), named("update")]).toEqual([[], []]);
  });
});
