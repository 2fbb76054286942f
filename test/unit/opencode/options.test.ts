import { describe, expect, test } from "vitest";
import type { ProfileFacts } from "../../../src/commands/profiles.js";
import { attachments, type Options } from "../../../src/opencode/options.js";
import { strangerProblem } from "../../../src/opencode/strangers.js";

function facts(profile: string, base_url: string | undefined = "https://llm.example/v1"): ProfileFacts {
  const rest = { flow: "device_code", allowed_origins: [], header: "Authorization", header_scheme: "Bearer" };
  return {
    profile,
    provider: profile,
    default: false,
    secret_files: [],
    secret_variables: [],
    mcp: false,
    ...rest,
    ...(base_url && { base_url }),
  };
}

const profiles = [facts("acme"), facts("work"), facts("bare", "")];

describe("the options of the plugin", () => {
  const made = (options: unknown, unreadable?: Error) =>
    Object.fromEntries(
      attachments(options as Options, unreadable ? [] : profiles, unreadable).map(
        ({ id, profile, problem }) => [id, profile?.profile ?? problem?.message],
      ),
    );

  test("that are absent make a provider of every profile with a base_url", () => {
    expect(made({})).toEqual({ acme: "acme", work: "work" });
  });

  test("name the profile of each provider", () => {
    expect(made({ providers: { corp: { profile: "work" } } })).toEqual({ corp: "work" });
  });

  test.each([
    [
      "a profile that does not exist",
      { corp: { profile: "wrok" } },
      'no profile "wrok", which the plugin\'s options',
    ],
    [
      "a name in place of an object",
      { corp: "work" },
      'say "corp": "work"; write "corp": { "profile": "work" }',
    ],
    ["nothing of use", { corp: null }, 'write "corp": { "profile": "NAME" }'],
    ["a profile that is no name", { corp: { profile: 1 } }, 'say "corp": {"profile":1}'],
  ])("say what is wrong with %s", (_what, providers, sentence) => {
    expect(made({ providers }).corp).toContain(sentence);
  });

  test("that have the provider a level too high say where it goes", () => {
    expect(made({ corp: "work" })).toEqual({
      acme: "acme",
      work: "work",
      corp: expect.stringContaining('"providers": { "corp": { "profile": "work" } }'),
    });
  });

  test("fail with what is wrong with the configuration, where that can't be read", () => {
    const problem = new Error("config.jsonc:3: unknown key");
    expect(made({ providers: { corp: { profile: "work" } } }, problem)).toEqual({ corp: problem.message });
  });
});

describe("a provider that nobody knows", () => {
  const attached = attachments({}, profiles, undefined);
  const asked = (id: string, more: object = {}) =>
    strangerProblem(id, { attached, profiles, origins: [], ...more })?.message;

  test("and whose profile has no address", () => {
    expect(asked("bare")).toContain('profile "bare" of oidc-token has no base_url');
  });

  test.each(["acne", "acm", "acmee"])("is told the right name for %s", (id) => {
    expect(asked(id)).toBe(`there is no provider "${id}"; oidc-token has "acme"`);
  });

  test.each(["openai", "anthropic", "ac"])(
    "is no business of ours where nothing of ours is alike: %s",
    (id) => {
      expect(asked(id)).toBeUndefined();
    },
  );

  test("is told to write a profile where there is none", () => {
    expect(asked("acme", { attached: [], profiles: [] })).toBe(
      "oidc-token has no profile yet; run: oidc-token init",
    );
  });

  test("is told of a project's entry that replaced the user's", () => {
    const origins = [{ spec: "oidc-token@1.2", source: "/project/opencode.json", scope: "local" }];
    expect(asked("corp", { origins })).toContain(
      "/project/opencode.json lists the oidc-token plugin too, and its entry replaces yours with its options",
    );
    expect(asked("corp", { origins: [{ ...origins[0], scope: "global" }] })).toBeUndefined();
  });
});
