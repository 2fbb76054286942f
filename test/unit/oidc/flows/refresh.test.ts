import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { benchFor, signInRequest } from "../../../support/grants.js";
import { createVisitor } from "../../../support/person.js";
import { CLIENTS, startProvider, type TestProvider } from "../../../support/provider.js";
import { FAULTS } from "../../../support/provider-faults.js";
import { type Answer, answering } from "../answering.js";

describe("refresh against a real provider", () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.stop());
  beforeEach(() => provider.fault(undefined));

  async function signedIn(overrides: Parameters<typeof benchFor>[0] = {}) {
    const bench = await benchFor({ issuer: provider.issuer, timeout: 1, ...overrides });
    const { request } = signInRequest({ onBrowser: ({ url }) => void createVisitor().visit(url) });
    const tokens = await bench.grants.signIn(request);
    return { ...bench, refresh_token: tokens.refresh_token ?? "", tokens };
  }

  it("gives new tokens and the rotated refresh token, with one request", async () => {
    const { grants, refresh_token, tokens, log } = await signedIn();
    const before = provider.counts.refresh_token ?? 0;
    const result = await grants.refresh(refresh_token);
    expect(provider.counts.refresh_token).toBe(before + 1);
    if (result.outcome !== "refreshed") throw new Error(result.outcome);
    expect(result.tokens.access_token).not.toBe(tokens.access_token);
    expect(result.tokens.refresh_token).not.toBe(refresh_token);
    for (const secret of [refresh_token, result.tokens.refresh_token ?? "", result.tokens.access_token]) {
      expect(log.join("\n")).not.toContain(secret);
    }
  });

  it("tells that the session has ended when a refresh token was used before", async () => {
    const { grants, refresh_token } = await signedIn();
    await grants.refresh(refresh_token);
    const again = await grants.refresh(refresh_token);
    expect(again).toMatchObject({
      outcome: "session_ended",
      reason: expect.stringMatching(/^invalid_grant/),
    });
    expect(JSON.stringify(again)).not.toContain(refresh_token);
  });

  it.each([
    ["hang", "did not answer within 1 s"],
    ["refuse", "connection"],
    ["reset", "broke off the connection"],
    ["503", "is out of order (503)"],
    ["429", "takes no more requests for now (429)"],
    ["garbage", "not JSON"],
  ] as const)(
    "is temporary when the provider's fault is %s, and works again afterwards",
    async (name, message) => {
      const { grants, refresh_token, log } = await signedIn();
      await provider.fault(FAULTS[name]);
      const started = performance.now();
      const error = await grants.refresh(refresh_token).catch((error) => error);
      expect(performance.now() - started).toBeLessThan(3000);
      expect(error).toMatchObject({ kind: "temporary", message: expect.stringContaining(message) });
      expect(`${error.message} ${error.hint} ${log.join()}`).not.toContain(refresh_token);
      await provider.fault(undefined);
      expect(await grants.refresh(refresh_token)).toMatchObject({ outcome: "refreshed" });
    },
  );

  it("spends no more than the profile's timeout on discovery and token request together", async () => {
    const { grants, refresh_token } = await signedIn();
    await provider.fault({ kind: "slow", ms: 700 });
    const started = performance.now();
    await expect(grants.refresh(refresh_token)).rejects.toMatchObject({ kind: "temporary" });
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(900);
    expect(took).toBeLessThan(3000);
  });

  it("tells how long to wait when the provider says it", async () => {
    const { grants, refresh_token } = await signedIn();
    await provider.fault(FAULTS["429"]);
    await expect(grants.refresh(refresh_token)).rejects.toMatchObject({ hint: "try again in 7 s" });
  });

  it("is refused, not ended, when the client secret is wrong", async () => {
    const { grants } = await benchFor(
      { issuer: provider.issuer, client_id: CLIENTS.basic.client_id },
      { client_secret: "not-the-secret" },
    );
    await expect(grants.refresh("whatever")).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("does not accept client basic-cli: invalid_client"),
      hint: expect.stringContaining("client_secret"),
    });
  });
});

describe("what providers say for an ended session", () => {
  async function refresh(...answers: Answer[]) {
    const fetch = answering(...answers);
    const { grants } = await benchFor(
      {
        endpoints: { token_endpoint: "https://provider.example/token" },
        resource: ["https://api.example"],
        token_params: { tenant: "t" },
      },
      { context: { fetch } },
    );
    return { result: await grants.refresh("the-refresh-token"), fetch };
  }

  it.each<[string, Answer]>([
    ["invalid_grant", { status: 400, body: { error: "invalid_grant" } }],
    ["LemonLDAP's invalid_request", { status: 400, body: { error: "invalid_request" } }],
    ["glewlwyd's 400 with an empty body", { status: 400, body: "" }],
    ["a 200 with invalid_grant", { body: { error: "invalid_grant" } }],
    ["Entra's interaction_required", { status: 400, body: { error: "interaction_required" } }],
    [
      "invalid_grant with a challenge",
      { status: 401, body: { error: "invalid_grant" }, headers: { "www-authenticate": 'Bearer realm="x"' } },
    ],
  ])("%s", async (_name, answer) => {
    expect((await refresh(answer)).result.outcome).toBe("session_ended");
  });

  it.each<[string, Answer, string]>([
    [
      "invalid_client",
      { status: 401, body: { error: "invalid_client" }, headers: { "www-authenticate": "Basic" } },
      "refused",
    ],
    ["a bare 401", { status: 401, body: "", headers: { "www-authenticate": "Basic" } }, "refused"],
    ["unauthorized_client", { status: 400, body: { error: "unauthorized_client" } }, "refused"],
    ["invalid_scope", { status: 400, body: { error: "invalid_scope" } }, "refused"],
    ["a 400 with a page", { status: 400, body: "<html>blocked" }, "refused"],
    ["a 404", { status: 404, body: "<html>not found" }, "refused"],
    ["a redirect", { status: 302, body: "", headers: { location: "https://elsewhere.example" } }, "refused"],
    ["a 500 with invalid_grant", { status: 500, body: { error: "invalid_grant" } }, "temporary"],
    ["a 200 without a token", { body: {} }, "temporary"],
    ["a 200 with a list", { body: [] }, "temporary"],
    ["a 200 with nothing", { body: "" }, "temporary"],
    ["temporarily_unavailable", { status: 400, body: { error: "temporarily_unavailable" } }, "temporary"],
  ])("does not take %s for it", async (_name, answer, kind) => {
    await expect(refresh(answer)).rejects.toMatchObject({ kind });
  });

  it("asks with resource and token_params, and makes no discovery request when the endpoint is known", async () => {
    const { fetch } = await refresh({ body: { access_token: "an-access-token" } });
    expect(fetch.received).toMatchObject([
      {
        url: "https://provider.example/token",
        form: {
          grant_type: "refresh_token",
          refresh_token: "the-refresh-token",
          client_id: "public-cli",
          resource: "https://api.example",
          tenant: "t",
        },
      },
    ]);
    expect(fetch.received[0]?.headers.get("user-agent")).toMatch(/^oidc-token\/\d/);
  });

  it("leaves out the refresh token where the provider keeps the old one", async () => {
    const { result } = await refresh({ body: { access_token: "a", expires_in: 60, refresh_token: "" } });
    if (result.outcome !== "refreshed") throw new Error(result.outcome);
    expect(result.tokens).not.toHaveProperty("refresh_token");
  });
});
