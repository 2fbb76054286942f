import { afterEach, describe, expect, it } from "vitest";
import { benchFor, signInRequest } from "../../../support/grants.js";
import { createVisitor } from "../../../support/person.js";
import { startProvider, type TestProvider } from "../../../support/provider.js";

describe("what is asked for at the authorization endpoint (RFC 9126)", () => {
  let provider: TestProvider | undefined;
  afterEach(() => provider?.stop());

  async function signIn(requirePushedAuthorizationRequests: boolean, open_browser: boolean, status?: number) {
    provider = await startProvider({
      settings: (settings) => ({
        ...settings,
        features: {
          ...settings.features,
          pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests },
        },
      }),
    });
    const { counts, issuer, fault } = provider;
    if (status !== undefined) await fault({ kind: "answer", status, body: "{}", path: "/request" });
    const opened: string[] = [];
    const visit = (url: string) => {
      opened.push(url);
      void createVisitor().visit(url);
    };
    const { grants } = await benchFor({ issuer }, { context: { openBrowser: async (url) => visit(url) } });
    const { request, shown } = signInRequest({
      open_browser,
      onBrowser: ({ url }) => {
        if (!open_browser) visit(url);
      },
    });
    const result = await grants.signIn(request).then(
      ({ access_token }) => ({ access_token, error: undefined }),
      (error) => ({ access_token: undefined, error }),
    );
    const by_reference = (url: string | undefined) => new URL(url ?? "").searchParams.has("request_uri");
    return { result, counts, opened, shown: shown.browser.map(({ url }) => url), by_reference };
  }

  it("is pushed first where the provider offers it and the browser goes there at once", async () => {
    const { result, counts, opened, shown, by_reference } = await signIn(false, true);
    expect(result.access_token).toBeTruthy();
    expect(counts["/request"]).toBe(1);
    expect([...new URL(opened[0] ?? "").searchParams.keys()].sort()).toEqual(["client_id", "request_uri"]);
    // A person may take longer than such an address lives.
    expect(by_reference(shown[0])).toBe(false);
  });

  it("is in the address itself where a person opens it in their own time", async () => {
    const { result, counts, shown, by_reference } = await signIn(false, false);
    expect(result.access_token).toBeTruthy();
    expect(counts["/request"]).toBeUndefined();
    expect(by_reference(shown[0])).toBe(false);
  });

  it("is pushed for a person as well where the provider insists", async () => {
    const { result, counts, shown, by_reference } = await signIn(true, false);
    expect(result.access_token).toBeTruthy();
    expect(counts["/request"]).toBe(1);
    expect(by_reference(shown[0])).toBe(true);
  });

  it.each([403, 503])(
    "is in the address after all where the provider answers %d to the push",
    async (status) => {
      const { result, opened, by_reference } = await signIn(false, true, status);
      expect(result.access_token).toBeTruthy();
      expect(by_reference(opened[0])).toBe(false);
    },
  );

  it("is nowhere else where the provider insists and does not take it", async () => {
    const { result, opened } = await signIn(true, true, 503);
    expect(result).toMatchObject({ error: { kind: "temporary" } });
    expect(opened).toEqual([]);
  });
});
