import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { benchFor, signInRequest } from "../../../support/grants.js";
import { createVisitor } from "../../../support/person.js";
import { CLIENTS, startProvider, type TestProvider } from "../../../support/provider.js";
import { FAULTS } from "../../../support/provider-faults.js";
import { answering } from "../answering.js";

describe("device_code against a real provider", () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({ device_interval: 0.2 });
  });
  afterAll(() => provider.stop());
  beforeEach(() => provider.fault(undefined));

  it("signs in while the person confirms elsewhere, and shows code, addresses and time", async () => {
    const { grants, log } = await benchFor({ issuer: provider.issuer });
    const { request, shown } = signInRequest({
      flow: "device_code",
      onDevice: (device) => void createVisitor().approveDevice(device),
    });
    const tokens = await grants.signIn(request);
    expect(tokens).toMatchObject({ token_type: "Bearer", refresh_token: expect.any(String) });
    const [device] = shown.device;
    expect(device).toMatchObject({
      user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
      verification_uri: `${provider.issuer}/device`,
      verification_uri_complete: `${provider.issuer}/device?user_code=${device?.user_code}`,
      expires_in: 15,
    });
    expect(log.join("\n")).not.toContain(tokens.access_token);
  });

  it("goes on through broken connections, and says so once", async () => {
    const sleeps: number[] = [];
    const sleep = async (ms: number) => {
      sleeps.push(ms);
      await delay(ms);
    };
    const { grants } = await benchFor({ issuer: provider.issuer }, { context: { sleep } });
    const { request, shown } = signInRequest({
      flow: "device_code",
      timeout: 60,
      onDevice: (device) => void createVisitor().approveDevice(device),
    });
    await provider.fault({ ...FAULTS.reset, path: "/token", times: 2 });
    const tokens = await grants.signIn(request);
    expect(tokens.access_token).toBeTruthy();
    expect(shown.notices).toEqual([expect.stringMatching(/broke off the connection.*; still trying$/)]);
    expect(sleeps.slice(0, 3)).toEqual([200, 400, 800]);
  });

  it("is refused when the person refuses", async () => {
    provider.behaviour.person = "refuses";
    const { grants } = await benchFor({ issuer: provider.issuer, client_id: CLIENTS.public.client_id });
    const { request } = signInRequest({
      flow: "device_code",
      onDevice: (device) => void createVisitor().approveDevice(device),
    });
    await expect(grants.signIn(request)).rejects.toMatchObject({ kind: "refused" });
    provider.behaviour.person = "agrees";
  });

  it("ends with sign_in_needed when nobody finishes in time", async () => {
    const { grants } = await benchFor({ issuer: provider.issuer });
    const { request } = signInRequest({ flow: "device_code", timeout: 0.5 });
    await expect(grants.signIn(request)).rejects.toMatchObject({
      kind: "sign_in_needed",
      hint: "run: oidc-token login --profile test",
    });
  });
});

describe("polling (RFC 8628 §3.5)", () => {
  const DEVICE = {
    device_code: "the-device-code",
    user_code: "ABCD-EFGH",
    verification_uri: "https://provider.example/device",
    expires_in: 600,
    interval: 5,
  };
  const TOKEN = { access_token: "an-access-token", token_type: "Bearer", expires_in: 60 };
  const error = (code: string) => ({ status: 400, body: { error: code } });

  /** Signs in with a clock that only sleeping moves, against a list of answers. */
  async function poll(device: Record<string, unknown>, ...answers: Parameters<typeof answering>) {
    let now = 1_700_000_000;
    const sleeps: number[] = [];
    const { grants } = await benchFor(
      {
        id_token: "ignore",
        endpoints: {
          token_endpoint: "https://provider.example/token",
          device_authorization_endpoint: "https://provider.example/device/auth",
        },
      },
      {
        context: {
          fetch: answering({ body: { ...DEVICE, ...device } }, ...answers),
          monotonic: () => now,
          sleep: async (ms) => {
            sleeps.push(ms / 1000);
            now += ms / 1000;
          },
        },
      },
    );
    const { request, shown } = signInRequest({ flow: "device_code", timeout: 600 });
    const result = await grants.signIn(request).then(
      (tokens) => ({ tokens, error: undefined }),
      (error) => ({ tokens: undefined, error }),
    );
    return { ...result, sleeps, shown };
  }

  it("ends at once on Ctrl-C, in the middle of a pause", async () => {
    const endpoints = {
      token_endpoint: "https://provider.example/token",
      device_authorization_endpoint: "https://provider.example/device/auth",
    };
    const fetch = answering({ body: { ...DEVICE, interval: 60 } });
    const { grants } = await benchFor({ endpoints }, { context: { fetch } });
    const controller = new AbortController();
    const { request } = signInRequest({
      flow: "device_code",
      timeout: 600,
      signal: controller.signal,
      onDevice: () => setTimeout(() => controller.abort(), 50),
    });
    await expect(grants.signIn(request)).rejects.toMatchObject({ kind: "interrupted" });
    expect(fetch.received).toHaveLength(1);
  });

  it("adds 5 s for each slow_down, for good", async () => {
    const { sleeps, tokens } = await poll(
      {},
      error("authorization_pending"),
      error("slow_down"),
      error("authorization_pending"),
      error("slow_down"),
      { body: TOKEN },
    );
    expect(tokens?.access_token).toBe("an-access-token");
    expect(sleeps).toEqual([5, 5, 10, 10, 15]);
  });

  it("waits 5 s where the provider names no interval, or a text", async () => {
    expect((await poll({ interval: undefined }, { body: TOKEN })).sleeps).toEqual([5]);
    expect((await poll({ interval: "3" }, { body: TOKEN })).sleeps).toEqual([3]);
    expect((await poll({ interval: 0 }, { body: TOKEN })).sleeps).toEqual([5]);
  });

  it("doubles the pause up to 30 s while the provider has trouble, then goes back", async () => {
    const { sleeps, tokens, shown } = await poll(
      {},
      "network error",
      { status: 502, body: "Bad Gateway" },
      { status: 429, body: "" },
      "network error",
      error("authorization_pending"),
      { body: TOKEN },
    );
    expect(tokens).toBeDefined();
    expect(sleeps).toEqual([5, 10, 20, 30, 30, 5]);
    expect(shown.notices).toHaveLength(1);
  });

  it.each([-1, "soon", null, [60]])(
    "takes a token that expires in %j as one without expiry",
    async (expires_in) => {
      const { tokens, sleeps } = await poll({}, { body: { ...TOKEN, expires_in } });
      expect(tokens?.access_token).toBe("an-access-token");
      expect(tokens).not.toHaveProperty("expires_at");
      expect(sleeps).toEqual([5]);
    },
  );

  it.each<[string, unknown, string]>([
    [
      "lacks the token",
      { token_type: "bearer" },
      "the provider's answer has no access_token that can be used",
    ],
    [
      "has a refresh token that is none",
      { ...TOKEN, refresh_token: 7 },
      "the provider's answer has no refresh_token that can be used",
    ],
    [
      "is endless",
      `{"access_token":"${"x".repeat(1_100_000)}"}`,
      "provider.example/token sent more than 1 MB",
    ],
  ])("ends at once, since the code is spent, where the answer %s", async (_name, body, message) => {
    const { error: failure, sleeps, shown } = await poll({}, { body });
    expect(failure.message).toContain(message);
    expect(sleeps).toEqual([5]);
    expect(shown.notices).toEqual([]);
  });

  it("ends with sign_in_needed for expired_token", async () => {
    const { error: failure } = await poll({}, error("expired_token"));
    expect(failure).toMatchObject({ kind: "sign_in_needed" });
  });

  it.each(["access_denied", "authorization_declined"])("is refused for %s", async (code) => {
    const { error: failure } = await poll({}, error(code));
    expect(failure).toMatchObject({ kind: "refused", message: expect.stringContaining(code) });
  });

  it("waits as long as the code lives, and asks no sooner than the interval at its end", async () => {
    const pending = Array.from({ length: 4 }, () => error("authorization_pending"));
    const { error: failure, sleeps } = await poll({ expires_in: 22 }, ...pending);
    expect(failure).toMatchObject({ kind: "sign_in_needed", message: expect.stringContaining("22 s") });
    expect(sleeps).toEqual([5, 5, 5, 5, 2]);
  });

  it.each(["javascript:alert(1)", "file:///etc/passwd", "not an address"])(
    "refuses a verification address that is %s",
    async (verification_uri) => {
      const { error: failure, shown } = await poll({ verification_uri }, { body: TOKEN });
      expect(failure).toMatchObject({ kind: "refused", message: expect.stringContaining("web address") });
      expect(shown.device).toEqual([]);
    },
  );

  it("shows a plain http verification address, and drops a complete one that is no web address", async () => {
    const { shown } = await poll(
      {
        verification_uri: "http://provider.example/device",
        verification_uri_complete: "javascript:alert(1)",
      },
      { body: TOKEN },
    );
    expect(shown.device).toEqual([
      { verification_uri: "http://provider.example/device", user_code: "ABCD-EFGH", expires_in: 600 },
    ]);
  });

  it("takes control characters out of what is shown", async () => {
    const { shown } = await poll(
      { user_code: "AB\u001b[31mCD\u202e", verification_uri: "https://provider.example/a\u001b[2Jb" },
      { body: TOKEN },
    );
    expect(shown.device[0]).toMatchObject({
      user_code: "AB [31mCD",
      verification_uri: "https://provider.example/a%1B[2Jb",
    });
  });
});
