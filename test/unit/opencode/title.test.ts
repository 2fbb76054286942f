import { describe, expect, test } from "vitest";
import type { Client } from "../../../src/opencode/client.js";
import { Titles } from "../../../src/opencode/title.js";

const UNTITLED = "New session - 2026-11-27T03:00:00.000Z";
const ASIDE = "Title (oidc-token)";
const user = (text: string) => ({ info: { role: "user" }, parts: [{ type: "text", text }] });
const failed = {
  info: { role: "assistant", error: { name: "UnknownError" }, providerID: "acme" },
  parts: [],
};
const answered = (providerID = "acme") => ({
  info: { role: "assistant", providerID, modelID: "large" },
  parts: [{ type: "text", text: "Hello" }],
});

const said = {
  info: { role: "assistant" },
  parts: [{ type: "text", text: "<think>hm</think>\nGreeting the model\nx" }],
};

/** What differs from an OpenCode where all goes well. */
interface Trouble {
  readonly session?: object;
  readonly listed?: object[];
  readonly said?: object;
  /** What its deletion of a session answers. */
  readonly deletion?: object;
}

/** OpenCode's client, with one session in it. */
function clientWith(messages: object[], trouble: Trouble = {}) {
  const calls: [string, object][] = [];
  const answer =
    (name: string, data?: object, more: object = {}) =>
    async (request: object): Promise<{ data?: never }> => {
      calls.push([name, request]);
      return { data, ...more } as { data?: never };
    };
  const client = {
    session: {
      get: answer("get", { id: "ses_1", title: UNTITLED, ...trouble.session }),
      messages: answer("messages", messages),
      list: answer("list", trouble.listed ?? []),
      create: answer("create", { id: "ses_2", title: ASIDE }),
      prompt: answer("prompt", trouble.said ?? said),
      update: answer("update"),
      delete: answer("delete", undefined, trouble.deletion),
    },
  } as Client;
  const titles = new Titles(client, (id) => id === "acme");
  const see = (small?: string) => titles.see("ses_1", small);
  return {
    titles,
    see,
    order: () => calls.map(([name]) => name),
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

  test("is written when the session it was asked for in is gone", async () => {
    const { order, see } = clientWith(later);
    await see(undefined);
    expect(order().slice(-3)).toEqual(["prompt", "delete", "update"]);
  });

  test.each([
    ["with the question", user("Generate a title for this conversation:\nfirst words")],
    ["with an error", { ...said, info: { role: "assistant", error: { name: "MessageAbortedError" } } }],
    ["with nothing", undefined],
  ])("is not made up where OpenCode ends in between and answers %s", async (_what, answer) => {
    const { named, see } = clientWith(later, { said: answer ?? {} });
    await see(undefined);
    expect([named("update"), named("delete")]).toEqual([[], [{ path: { id: "ses_2" } }]]);
  });

  const left = { id: "ses_8", title: ASIDE, time: { created: Date.now() - 120_000 } };

  test("is asked for after what a killed OpenCode left behind is deleted, and nothing else", async () => {
    const listed = [
      left,
      { id: "ses_9", title: `${ASIDE} of mine`, time: left.time },
      // Another OpenCode's.
      { id: "ses_10", title: ASIDE, time: { created: Date.now() } },
    ];
    const { named, order, titles } = clientWith(later, { listed });
    await titles.see("ses_1", undefined);
    await titles.see("ses_3", undefined);
    expect(named("delete")).toEqual([
      { path: { id: "ses_8" } },
      { path: { id: "ses_2" } },
      { path: { id: "ses_2" } },
    ]);
    expect(order().indexOf("delete")).toBeLessThan(order().indexOf("create"));
    expect(named("list")).toEqual([{ query: { search: ASIDE } }]);
  });

  test("is not asked for while what was left behind cannot be deleted: it never becomes two", async () => {
    const { named, see } = clientWith(later, { listed: [left], deletion: { error: {} } });
    await see(undefined);
    expect(named("create")).toEqual([]);
  });

  test("holds up OpenCode's end until the session it was asked for in is gone", async () => {
    const { named, see, titles } = clientWith(later);
    void see(undefined);
    await expect.poll(() => named("prompt")).toHaveLength(1);
    await titles.end();
    expect(named("delete")).toHaveLength(1);
  });

  test("is not asked for any more once OpenCode ends", async () => {
    const { named, see, titles } = clientWith(later);
    void see(undefined);
    await titles.end();
    expect(named("create")).toEqual([]);
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
    const { named, see } = clientWith(messages, { session });
    await see(undefined);
    expect([named("create"), named("update")]).toEqual([[], []]);
  });
});
