import { beforeEach, describe, expect, test } from "vitest";
import type { ProfileFacts } from "../../../../src/commands/profiles.js";
import { Refusals, refusedForGood } from "../../../../src/opencode/requests/refusals.js";

const acme = { profile: "acme", flow: "device_code" } as ProfileFacts;
const keyed = { profile: "keyed", flow: "static_key" } as ProfileFacts;
const PLACE = "acme https://llm.example";
const url = new URL("https://llm.example/v1/chat/completions");
const answer = (body: string, headers: Record<string, string> = {}) =>
  new Response(body, { status: 401, headers });

describe("a refused token", () => {
  let time: number;
  let refusals: Refusals;
  beforeEach(() => {
    time = 0;
    refusals = new Refusals(() => time);
  });

  test("is known again, by its hash, for its own profile and server", async () => {
    await refusals.note(PLACE, "token-1", answer("no"));
    expect(refusals.of(PLACE, "token-1")?.reason).toBe("no");
    expect(refusals.of(PLACE, "token-2")).toBeUndefined();
    expect(refusals.of("acme https://other.example", "token-1")).toBeUndefined();
    expect(JSON.stringify(refusals.of(PLACE, "token-1"))).not.toContain("token-1");
  });

  test("with no better one to be had stands for a minute, then may be tried once more", async () => {
    const refusal = await refusals.note(PLACE, "token-1", answer("no"));
    expect(refusals.standing(refusal)).toBeUndefined();
    const error = refusals.settle(refusal, new Error("for good"));
    time = 59_999;
    expect(refusals.standing(refusal)).toBe(error);
    time = 60_000;
    expect(refusals.standing(refusal)).toBeUndefined();
  });

  test("counts as renewed for every request once it came in place of another, until a server takes one", () => {
    refusals.renew(PLACE, "token-2");
    expect(refusals.isRenewed(PLACE, "token-2")).toBe(true);
    expect(refusals.isRenewed(PLACE, "token-1")).toBe(false);
    refusals.forget(PLACE);
    expect(refusals.isRenewed(PLACE, "token-2")).toBe(false);
  });
});

describe("the reason of a gateway", () => {
  const challenge = {
    "www-authenticate": 'Bearer error="invalid_token", error_description="wrong audience"',
  };

  test.each([
    ["OpenAI's API", '{"error":{"message":"token revoked"}}', {}, "token revoked"],
    ["OAuth", '{"error":"invalid_token","error_description":"it has expired"}', {}, "it has expired"],
    ["problem details", '{"title":"Unauthorized","detail":"no scope"}', {}, "no scope"],
    ["a gateway of few words", '{"message":"Unauthorized"}', {}, "Unauthorized"],
    ["a challenge and a page", "<html><h1>401</h1></html>", challenge, "wrong audience"],
    ["a page alone", "<html><h1>401</h1></html>", {}, ""],
    ["text", "no such\n\u001b[31mclient", {}, "no such [31mclient"],
    ["nothing", "", {}, ""],
  ])("is found in the answer of %s", async (_whose, body, headers, reason) => {
    expect((await new Refusals().note(PLACE, "token", answer(body, headers))).reason).toBe(reason);
  });

  test("is cut where it is a book", async () => {
    const { reason } = await new Refusals().note(PLACE, "token", answer("x".repeat(5000)));
    expect(reason).toHaveLength(301);
  });

  test("is followed by what to do, for a token and for a key", async () => {
    const refusal = await new Refusals().note(PLACE, "token", answer("no"));
    expect(refusedForGood(acme, url, refusal).message).toMatch(
      /a renewed one as well: no; check .*audience and scope/,
    );
    expect(refusedForGood(keyed, url, refusal).message).toBe(
      'llm.example refuses the key of profile "keyed": no; store another: oidc-token login --profile keyed',
    );
  });
});
