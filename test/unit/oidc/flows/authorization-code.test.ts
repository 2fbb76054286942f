import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { OidcTokenError } from "../../../../src/errors.js";
import { benchFor, signInRequest } from "../../../support/grants.js";
import { createVisitor, type Visit } from "../../../support/person.js";
import { API, CLIENTS, startProvider, type TestProvider } from "../../../support/provider.js";

let provider: TestProvider;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.stop());
beforeEach(async () => {
  await provider.fault(undefined);
  provider.behaviour.person = "agrees";
});

/** Signs in with a visitor that opens the shown URL; returns what both sides saw. */
async function signIn(
  overrides: Parameters<typeof benchFor>[0] = {},
  options: Parameters<typeof benchFor>[1] & Parameters<typeof signInRequest>[0] = {},
) {
  const bench = await benchFor({ issuer: provider.issuer, ...overrides }, options);
  let visit: Promise<Visit> | undefined;
  const { request, shown } = signInRequest({
    onBrowser: ({ url }) => {
      visit = createVisitor().visit(url);
    },
    ...options,
  });
  const result = await bench.grants.signIn(request).then(
    (tokens) => ({ tokens, error: undefined }),
    (error) => ({ tokens: undefined, error }),
  );
  return { ...result, shown, bench, page: await visit };
}

describe("authorization_code", () => {
  it("signs a public client in and gives a token set with times", async () => {
    const { tokens, error, page } = await signIn();
    expect(error).toBeUndefined();
    expect(tokens).toMatchObject({ token_type: "Bearer", refresh_token: expect.any(String) });
    expect(decodeJwt(tokens?.access_token ?? "")).toMatchObject({ aud: API.resource, scope: API.scope });
    expect(tokens?.expires_at).toBe(Math.floor((tokens?.obtained_at ?? 0) + 3600));
    expect(decodeJwt(tokens?.id_token ?? "")).toMatchObject({ sub: "person", nonce: expect.any(String) });
    expect(page).toMatchObject({ status: 200, html: expect.stringContaining("You can close this window.") });
  });

  it.each([
    ["client_secret_basic", CLIENTS.basic],
    ["client_secret_post", CLIENTS.post],
  ] as const)("signs a confidential client in with %s", async (client_auth, { client_id, client_secret }) => {
    const { tokens, error } = await signIn({ client_id, client_auth }, { client_secret });
    expect(error).toBeUndefined();
    expect(tokens?.access_token).toBeTruthy();
  });

  it.each([
    ["as it is", (address: string) => address, undefined],
    [
      "of another issuer (RFC 9207)",
      (address: string) => address.replace(/iss=[^&]+/, "iss=https%3A%2F%2Fevil.example"),
      "refused",
    ],
    ["with a code that is none", (address: string) => address.replace(/code=[^&]+/, "code=x"), "refused"],
  ] as const)("takes the address of a browser elsewhere from the person, %s", async (_, change, kind) => {
    let told: Promise<string | undefined> | undefined;
    const { tokens, error } = await signIn(
      {},
      {
        onBrowser: ({ url, redirect_uri, paste }) => {
          told = createVisitor()
            .leave(url, redirect_uri)
            .then((address) => {
              expect(address).toContain("iss=");
              return paste(change(address));
            });
        },
      },
    );
    expect(await told).toBeUndefined();
    expect(error?.kind).toBe(kind);
    expect(tokens === undefined).toBe(kind !== undefined);
  });

  it("asks with PKCE S256, state, nonce, resource, audience and authorization_params", async () => {
    const { shown } = await signIn({
      resource: [API.resource],
      audience: "an-audience",
      authorization_params: { prompt: "login", ui_locales: "de" },
    });
    const asked = Object.fromEntries(new URL(shown.browser[0]?.url ?? "").searchParams);
    expect(asked).toMatchObject({
      response_type: "code",
      client_id: "public-cli",
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      resource: API.resource,
      audience: "an-audience",
      prompt: "login",
      ui_locales: "de",
    });
  });

  it("asks for no nonce without scope openid", async () => {
    const { shown, tokens } = await signIn({ scope: "api:read" });
    expect(new URL(shown.browser[0]?.url ?? "").searchParams.has("nonce")).toBe(false);
    expect(tokens?.id_token).toBeUndefined();
  });

  it("drops the id token where the profile says ignore", async () => {
    const { tokens, error } = await signIn({ id_token: "ignore" });
    expect(error).toBeUndefined();
    expect(tokens?.id_token).toBeUndefined();
  });

  it("listens on an ephemeral port of 127.0.0.1 without redirect_uri", async () => {
    const { shown } = await signIn();
    expect(shown.browser[0]?.redirect_uri).toMatch(/^http:\/\/127\.0\.0\.1:\d{4,5}\/callback$/);
  });

  it("says the browser was opened when it was, and shows the URL when it was not", async () => {
    const opened: string[] = [];
    const visits: Promise<unknown>[] = [];
    const first = await signIn(
      {},
      {
        open_browser: true,
        onBrowser: () => undefined,
        context: {
          openBrowser: async (url) => {
            opened.push(url);
            visits.push(createVisitor().visit(url));
          },
        },
      },
    );
    await Promise.all(visits);
    expect(first.shown.browser).toMatchObject([{ opened: true, url: expect.stringContaining("/auth?") }]);
    const second = await signIn({}, { open_browser: true });
    expect(second.tokens?.access_token).toBeTruthy();
    expect(second.shown.browser).toMatchObject([{ opened: false, url: expect.stringContaining("/auth?") }]);
  });

  it("is refused with a page that says so when the person refuses", async () => {
    provider.behaviour.person = "refuses";
    const { error, page } = await signIn();
    expect(error).toMatchObject({
      kind: "refused",
      message: "the sign-in was refused: access_denied (the person said no)",
    });
    expect(page?.html).toContain("The sign-in was refused: access_denied (the person said no).");
  });

  it("is refused when the answer names another issuer (RFC 9207)", async () => {
    const { error, page } = await signIn(
      {},
      {
        onBrowser: ({ url, redirect_uri }) => {
          const state = new URL(url).searchParams.get("state");
          void fetch(`${redirect_uri}?code=x&state=${state}&iss=https://evil.example`);
        },
      },
    );
    expect(error).toMatchObject({ kind: "refused", message: expect.stringContaining("another issuer") });
    expect(page).toBeUndefined();
  });

  it("is refused when the answer lacks the issuer the provider promises (RFC 9207)", async () => {
    const { error } = await signIn(
      {},
      {
        onBrowser: ({ url, redirect_uri }) => {
          const state = new URL(url).searchParams.get("state");
          void fetch(`${redirect_uri}?code=x&state=${state}`);
        },
      },
    );
    expect(error).toMatchObject({ kind: "refused", message: expect.stringContaining("another issuer") });
  });

  it("ends with sign_in_needed when nobody finishes in time, and frees the port", async () => {
    const { error, shown } = await signIn({}, { timeout: 0.2, onBrowser: () => undefined });
    expect(error).toMatchObject({ kind: "sign_in_needed" });
    expect((error as OidcTokenError).hint).toBe(
      `if the browser showed an error about the redirect address, register exactly ${shown.browser[0]?.redirect_uri} at the provider; then run: oidc-token login --profile test`,
    );
    await expect(fetch(shown.browser[0]?.redirect_uri ?? "")).rejects.toThrow();
  });

  it("ends at once on Ctrl-C, and frees the port", async () => {
    const controller = new AbortController();
    const started = performance.now();
    const { error, shown } = await signIn(
      {},
      { signal: controller.signal, onBrowser: () => setTimeout(() => controller.abort(), 50) },
    );
    expect(error).toMatchObject({ kind: "interrupted" });
    expect(performance.now() - started).toBeLessThan(2000);
    await expect(fetch(shown.browser[0]?.redirect_uri ?? "")).rejects.toThrow();
  });

  it("ends at once on Ctrl-C while the provider keeps the token back, and the page says it did not work", async () => {
    await provider.fault({ kind: "hang", path: "/token" });
    const controller = new AbortController();
    const started = performance.now();
    let visit: Promise<Visit> | undefined;
    const { error } = await signIn(
      {},
      {
        signal: controller.signal,
        onBrowser: ({ url }) => {
          visit = createVisitor().visit(url);
          setTimeout(() => controller.abort(), 400);
        },
      },
    );
    expect(error).toMatchObject({ kind: "interrupted" });
    expect(performance.now() - started).toBeLessThan(2000);
    expect((await visit)?.html).toContain("The sign-in did not work");
  });

  it("is temporary when the provider keeps the token back for longer than the profile's timeout", async () => {
    await provider.fault({ kind: "hang", path: "/token" });
    const { error } = await signIn({ timeout: 0.5 });
    expect(error).toMatchObject({ kind: "temporary", message: expect.stringContaining("did not answer") });
  });

  it("names the wrong client secret's key in the hint", async () => {
    const { error, page } = await signIn(
      { client_id: CLIENTS.basic.client_id },
      { client_secret: "a-wrong-secret" },
    );
    expect(error).toMatchObject({ kind: "refused", hint: expect.stringContaining("client_secret") });
    expect(page?.html).toContain("The sign-in did not work");
    expect(JSON.stringify([error?.message, error?.hint])).not.toContain("a-wrong-secret");
  });

  it("shows the failure page when the provider breaks down in the middle", async () => {
    await provider.fault({ kind: "answer", status: 503, body: "", path: "/token" });
    const { error, page } = await signIn();
    expect(error).toMatchObject({ kind: "temporary" });
    expect(page?.html).toContain("The sign-in did not work");
  });

  it("holds no secret in the log", async () => {
    const { bench, tokens, shown } = await signIn(
      { client_id: CLIENTS.post.client_id, client_auth: "client_secret_post" },
      { client_secret: CLIENTS.post.client_secret },
    );
    const log = bench.log.join("\n");
    expect(log).toContain("/token");
    const state = new URL(shown.browser[0]?.url ?? "").searchParams.get("state") ?? "?";
    for (const secret of [
      CLIENTS.post.client_secret,
      tokens?.access_token,
      tokens?.refresh_token,
      tokens?.id_token,
      state,
    ]) {
      expect(secret).toBeTruthy();
      expect(log).not.toContain(secret);
    }
  });
});

describe("redirect_uri", () => {
  let squatter: Server;
  let port: number;
  beforeAll(async () => {
    squatter = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => squatter.once("listening", resolve));
    port = (squatter.address() as AddressInfo).port;
  });
  afterAll(() => void squatter.close());

  it("names a busy port", async () => {
    const { error } = await signIn({ redirect_uri: `http://127.0.0.1:${port}/callback` });
    expect(error).toMatchObject({ kind: "configuration", message: expect.stringContaining(`port ${port}`) });
  });

  it("is listened on at its fixed port and path, also for localhost", async () => {
    await new Promise((resolve) => squatter.close(resolve));
    const redirect_uri = `http://localhost:${port}/callback`;
    const { shown, tokens, error } = await signIn({ redirect_uri });
    expect(error).toBeUndefined();
    expect(shown.browser[0]?.redirect_uri).toBe(redirect_uri);
    expect(tokens?.access_token).toBeTruthy();
  });

  it.each([
    "https://127.0.0.1/callback",
    "http://example.com/callback",
    "http://127.0.0.1:8000/callback?x=1",
    "myapp://callback",
    "nonsense",
  ])("%s is a configuration error", async (redirect_uri) => {
    const { error } = await signIn({ redirect_uri });
    expect(error).toMatchObject({ kind: "configuration", message: expect.stringContaining("redirect_uri") });
  });
});
