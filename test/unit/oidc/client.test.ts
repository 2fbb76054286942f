import { describe, expect, it } from "vitest";
import type { Profile } from "../../../src/profile.js";
import { benchFor } from "../../support/grants.js";
import { type Answer, answering } from "./answering.js";

const ISSUER = "https://provider.example";
const DOCUMENT = {
  issuer: ISSUER,
  token_endpoint: `${ISSUER}/token`,
  authorization_endpoint: `${ISSUER}/authorize`,
};
const TOKEN: Answer = { body: { access_token: "an-access-token", token_type: "Bearer", expires_in: 60 } };

/** Asks for a client_credentials token and returns what became of it and what was asked of the provider. */
async function issue(
  overrides: Partial<Profile>,
  answers: (Answer | "network error")[],
  client_secret?: string,
) {
  const fetch = answering(...answers);
  const { grants } = await benchFor(overrides, {
    context: { fetch },
    ...(client_secret === undefined ? {} : { client_secret }),
  });
  const result = await grants.issue("client_credentials").then(
    (tokens) => ({ tokens, error: undefined }),
    (error) => ({ tokens: undefined, error }),
  );
  return { ...result, received: fetch.received };
}

describe("finding the provider", () => {
  it("reads the discovery document of the issuer", async () => {
    const { tokens, received } = await issue({ issuer: ISSUER }, [{ body: DOCUMENT }, TOKEN]);
    expect(tokens?.access_token).toBe("an-access-token");
    expect(received.map(({ url }) => url)).toEqual([
      `${ISSUER}/.well-known/openid-configuration`,
      `${ISSUER}/token`,
    ]);
  });

  it("falls back to RFC 8414 where there is no OpenID Connect document", async () => {
    const issuer = `${ISSUER}/tenant`;
    const { tokens, received } = await issue({ issuer }, [
      { status: 404, body: "" },
      { body: { ...DOCUMENT, issuer } },
      TOKEN,
    ]);
    expect(tokens?.access_token).toBe("an-access-token");
    expect(received[1]?.url).toBe(`${ISSUER}/.well-known/oauth-authorization-server/tenant`);
  });

  it.each<[number, Answer[]]>([
    [
      404,
      [
        { status: 404, body: "" },
        { status: 404, body: "" },
      ],
    ],
    [400, [{ status: 400, body: { error: "invalid_tenant" } }]],
    [
      403,
      [
        { status: 404, body: "" },
        { status: 403, body: "<html>" },
      ],
    ],
    [301, [{ status: 301, body: "", headers: { location: "https://elsewhere.example" } }]],
  ])("says so where the provider answers %i instead of a document", async (status, answers) => {
    const { error } = await issue({ issuer: ISSUER }, answers);
    expect(error).toMatchObject({
      kind: "configuration",
      message: `there is no discovery document at ${ISSUER} (status ${status})`,
      hint: expect.stringContaining("issuer in profile test"),
    });
  });

  it("lets configured endpoints win over the document", async () => {
    const { received } = await issue(
      { issuer: ISSUER, endpoints: { revocation_endpoint: `${ISSUER}/other` } },
      [{ body: DOCUMENT }, TOKEN],
    );
    expect(received).toHaveLength(2);
    const fetch = answering({ body: { ...DOCUMENT, revocation_endpoint: `${ISSUER}/theirs` } }, { body: "" });
    const { grants } = await benchFor(
      { issuer: ISSUER, endpoints: { token_endpoint: `${ISSUER}/mine` } },
      { context: { fetch } },
    );
    await grants.revoke({ access_token: "a-token", token_type: "Bearer", obtained_at: 0 });
    expect(fetch.received[1]?.url).toBe(`${ISSUER}/theirs`);
  });

  it("makes no discovery request where every endpoint it needs is configured", async () => {
    const { received } = await issue({ issuer: ISSUER, endpoints: { token_endpoint: `${ISSUER}/mine` } }, [
      TOKEN,
    ]);
    expect(received.map(({ url }) => url)).toEqual([`${ISSUER}/mine`]);
  });

  it("refuses a document of another issuer, naming it", async () => {
    const { error, received } = await issue({ issuer: ISSUER }, [
      { body: { ...DOCUMENT, issuer: "https://evil.example" } },
      TOKEN,
    ]);
    expect(error).toMatchObject({
      kind: "configuration",
      message: `the provider at ${ISSUER} calls itself https://evil.example`,
    });
    expect(received).toHaveLength(1);
  });

  it.each<[string, Partial<Profile>, RegExp]>([
    ["no client_id", { issuer: ISSUER, client_id: "" }, /has no client_id/],
    ["neither issuer nor endpoints", {}, /neither issuer nor all the endpoints/],
    [
      "an http issuer",
      { issuer: "http://provider.example" },
      /issuer of profile test is not an https address/,
    ],
    [
      "an issuer that is no address",
      { issuer: "provider" },
      /issuer of profile test is not an https address/,
    ],
    [
      "the discovery document as issuer",
      { issuer: `${ISSUER}/.well-known/openid-configuration` },
      /discovery document/,
    ],
    [
      "an http endpoint",
      { endpoints: { token_endpoint: "http://provider.example/token" } },
      /token_endpoint of profile test is not an https/,
    ],
    [
      "another scheme",
      { endpoints: { token_endpoint: "file:///etc/passwd" } },
      /token_endpoint of profile test is not an https/,
    ],
    [
      "a host that only looks like loopback",
      { issuer: "http://127.0.0.1.evil.example" },
      /is not an https address/,
    ],
  ])("makes no request with %s", async (_name, overrides, message) => {
    const { error, received } = await issue(overrides, []);
    expect(error).toMatchObject({ kind: "configuration", message: expect.stringMatching(message) });
    expect(received).toEqual([]);
  });

  it.each([
    ["http on another host", "http://elsewhere.example/token"],
    ["http on loopback, for a provider that is not there", "http://127.0.0.1/token"],
    ["nothing", undefined],
    ["a number", 7],
  ])("sends no secret where the document names %s as token endpoint", async (_name, token_endpoint) => {
    const { error, received } = await issue(
      { issuer: ISSUER },
      [{ body: { ...DOCUMENT, token_endpoint } }, TOKEN],
      "a-secret",
    );
    expect(error).toMatchObject({ kind: "configuration" });
    expect(received).toHaveLength(1);
  });

  it.each(["garbage", [], { no: "issuer" }, ""])("is temporary when the document is %j", async (body) => {
    expect((await issue({ issuer: ISSUER }, [{ body }])).error).toMatchObject({ kind: "temporary" });
  });
});

describe("the client proves itself", () => {
  const profile = { issuer: ISSUER, client_id: "the-client" };
  const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`;
  const supports = (...methods: string[]): Answer => ({
    body: { ...DOCUMENT, token_endpoint_auth_methods_supported: methods },
  });

  it.each<[string, Answer, Partial<Profile>, "basic" | "post"]>([
    [
      "basic, where the provider offers both",
      supports("client_secret_post", "client_secret_basic"),
      {},
      "basic",
    ],
    ["post, where the provider offers no basic", supports("client_secret_post"), {}, "post"],
    ["basic, where the provider does not say (RFC 8414)", { body: DOCUMENT }, {}, "basic"],
    [
      "post, where the profile says so",
      supports("client_secret_basic"),
      { client_auth: "client_secret_post" },
      "post",
    ],
    [
      "basic, where the profile says so",
      supports("client_secret_post"),
      { client_auth: "client_secret_basic" },
      "basic",
    ],
  ])("with %s", async (_name, document, overrides, method) => {
    const { received } = await issue({ ...profile, ...overrides }, [document, TOKEN], "the-secret");
    expect(received[1]?.headers.get("authorization")).toBe(
      method === "basic" ? basic("the-client:the-secret") : null,
    );
    expect(received[1]?.form.client_secret).toBe(method === "post" ? "the-secret" : undefined);
  });

  it("with its id alone, without a secret or where the profile says none", async () => {
    for (const [overrides, secret] of [
      [{}, undefined],
      [{ client_auth: "none" as const }, "the-secret"],
    ] as const) {
      const { received } = await issue({ ...profile, ...overrides }, [{ body: DOCUMENT }, TOKEN], secret);
      expect(received[1]?.headers.has("authorization")).toBe(false);
      expect(received[1]?.form).toMatchObject({ client_id: "the-client" });
      expect(received[1]?.form).not.toHaveProperty("client_secret");
    }
  });

  it("with letters, digits and ._~- left as they are in basic, and the rest form-encoded", async () => {
    const { received } = await issue(profile, [{ body: DOCUMENT }, TOKEN], "aZ9._~-:/+ %!'()*é");
    expect(received[1]?.headers.get("authorization")).toBe(
      basic("the-client:aZ9._~-%3A%2F%2B+%25%21%27%28%29%2A%C3%A9"),
    );
  });

  it("not at all where the profile wants a secret and has none", async () => {
    const { error } = await issue({ ...profile, client_auth: "client_secret_post" }, [{ body: DOCUMENT }]);
    expect(error).toMatchObject({ kind: "configuration", hint: expect.stringContaining("client_secret") });
  });
});
