import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { benchFor, signInRequest } from "../../../support/grants.js";
import { createVisitor } from "../../../support/person.js";
import { API, CLIENTS, startProvider, type TestProvider } from "../../../support/provider.js";
import { answering } from "../answering.js";

let provider: TestProvider;
beforeAll(async () => {
  provider = await startProvider({ access_token_ttl: 90 });
});
afterAll(() => provider.stop());

describe("client_credentials", () => {
  const { client_id, client_secret } = CLIENTS.service;

  it("issues a token without a person and without a refresh token", async () => {
    const { grants } = await benchFor(
      { issuer: provider.issuer, client_id, scope: API.scope },
      { client_secret },
    );
    const tokens = await grants.issue("client_credentials");
    expect(decodeJwt(tokens.access_token)).toMatchObject({ aud: API.resource, client_id });
    expect(tokens.expires_at).toBe(Math.floor(tokens.obtained_at + 90));
    expect(tokens).not.toHaveProperty("refresh_token");
  });

  it("sends scope, audience, resource and token_params", async () => {
    const fetch = answering({ body: { access_token: "a-token", token_type: "BEARER", expires_in: 60 } });
    const { grants } = await benchFor(
      {
        client_id,
        scope: "a b",
        audience: "the-audience",
        resource: ["https://one.example", "https://two.example"],
        token_params: { organization: "o" },
        endpoints: { token_endpoint: "https://provider.example/token" },
      },
      { client_secret, context: { fetch } },
    );
    expect(await grants.issue("client_credentials")).toMatchObject({ token_type: "Bearer" });
    expect(fetch.received[0]?.form).toMatchObject({
      grant_type: "client_credentials",
      scope: "a b",
      audience: "the-audience",
      resource: "https://two.example",
      organization: "o",
    });
    expect(fetch.received[0]?.form).not.toHaveProperty("client_secret");
  });

  it("is refused for a scope the client may not have, with a hint at the key", async () => {
    const { grants } = await benchFor(
      { issuer: provider.issuer, client_id, scope: "offline_access" },
      { client_secret },
    );
    await expect(grants.issue("client_credentials")).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("invalid_scope"),
      hint: expect.stringContaining("scope in profile test"),
    });
  });

  it("is refused for a client that may not use the grant", async () => {
    const { grants } = await benchFor({ issuer: provider.issuer, client_id: CLIENTS.public.client_id });
    await expect(grants.issue("client_credentials")).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("grant type is not allowed for this client"),
    });
  });

  it("refuses a token that is bound to a key", async () => {
    const fetch = answering({ body: { access_token: "a-token", token_type: "DPoP" } });
    const { grants } = await benchFor(
      { client_id, endpoints: { token_endpoint: "https://provider.example/token" } },
      { client_secret, context: { fetch } },
    );
    await expect(grants.issue("client_credentials")).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("of use only to a program that signs each request"),
    });
  });

  it.each(["invalid_dpop_proof", "use_dpop_nonce"])("says what a provider wants with %s", async (error) => {
    const fetch = answering({ status: 400, body: { error } });
    const { grants } = await benchFor(
      { client_id, endpoints: { token_endpoint: "https://provider.example/token" } },
      { client_secret, context: { fetch } },
    );
    await expect(grants.issue("client_credentials")).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("demands a proof that the token is bound to a key (DPoP)"),
    });
  });
});

describe("revoke (RFC 7009)", () => {
  const OF_REFRESH = { token: "the-refresh-token", token_type_hint: "refresh_token" };
  const OF_ACCESS = { token: "the-access-token", token_type_hint: "access_token" };

  it("ends the session at the provider", async () => {
    const { grants } = await benchFor({ issuer: provider.issuer });
    const { request } = signInRequest({ onBrowser: ({ url }) => void createVisitor().visit(url) });
    const tokens = await grants.signIn(request);
    expect(await grants.revoke(tokens)).toBe("revoked");
    expect(provider.counts["/token/revocation"]).toBe(2);
    expect(await grants.refresh(tokens.refresh_token ?? "")).toMatchObject({ outcome: "session_ended" });
  });

  it.each([
    ["both", { refresh_token: "the-refresh-token" }, [OF_REFRESH, OF_ACCESS]],
    ["the access token that is all there is", {}, [OF_ACCESS]],
    ["no access token that has expired", { refresh_token: "the-refresh-token", expires_at: 1 }, [OF_REFRESH]],
  ])("ends %s: no server says which it ends by itself", async (_name, tokens, forms) => {
    const fetch = answering({ body: "" }, { status: 400, body: { error: "unsupported_token_type" } });
    const { grants } = await benchFor(
      { endpoints: { revocation_endpoint: "https://provider.example/revoke" } },
      { context: { fetch } },
    );
    const set = { access_token: "the-access-token", token_type: "Bearer", obtained_at: 0, ...tokens };
    expect(await grants.revoke(set)).toBe("revoked");
    expect(fetch.received.map(({ form }) => form)).toMatchObject(forms);
  });

  const TOKENS = { access_token: "the-access-token", token_type: "Bearer", obtained_at: 0 };

  it("is not_supported where the provider names no revocation endpoint", async () => {
    const issuer = "https://provider.example";
    const fetch = answering({ body: { issuer, token_endpoint: `${issuer}/token` } });
    const { grants } = await benchFor({ issuer }, { context: { fetch } });
    expect(await grants.revoke(TOKENS)).toBe("not_supported");
  });

  it("is not_supported, without any request, where the profile knows neither issuer nor endpoint", async () => {
    const fetch = answering();
    const { grants } = await benchFor(
      { endpoints: { token_endpoint: "https://provider.example/token" } },
      { context: { fetch } },
    );
    expect(await grants.revoke(TOKENS)).toBe("not_supported");
    expect(fetch.received).toEqual([]);
  });

  it("is not_supported for a token type the provider does not revoke", async () => {
    const fetch = answering({ status: 400, body: { error: "unsupported_token_type" } });
    const { grants } = await benchFor(
      { endpoints: { revocation_endpoint: "https://provider.example/revoke" } },
      { context: { fetch } },
    );
    expect(await grants.revoke(TOKENS)).toBe("not_supported");
  });
});
