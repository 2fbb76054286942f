import { describe, expect, it } from "vitest";
import type { Profile } from "../../../src/profile.js";
import type { SignInRequest } from "../../../src/token/grants.js";
import { benchFor, signInRequest } from "../../support/grants.js";

interface Asked {
  readonly url: string;
  readonly form: URLSearchParams;
  readonly authorization: string | null;
}
type Reply = (asked: Asked) => { readonly status?: number; readonly body: object } | undefined;

/** Grants whose provider is a function, and whose clock does not wait. */
async function against(overrides: Partial<Profile>, reply: Reply, client_secret?: string) {
  const asked: Asked[] = [];
  let now = 1_000_000;
  const bench = await benchFor(overrides, {
    ...(client_secret !== undefined && { client_secret }),
    context: {
      now: () => now,
      monotonic: () => now,
      sleep: async (ms) => {
        now += ms / 1000;
      },
      fetch: async (input, init) => {
        const request: Asked = {
          url: String(input),
          form: new URLSearchParams(init?.body ? String(init.body) : ""),
          authorization: new Headers(init?.headers).get("authorization"),
        };
        asked.push(request);
        const { status = 200, body } = reply(request) ?? { status: 404, body: {} };
        return Response.json(body, { status });
      },
    },
  });
  return { ...bench, asked };
}

const TOKENS = { body: { access_token: "at", token_type: "Bearer", expires_in: 60 } };
const DEVICE = {
  body: {
    device_code: "dc",
    user_code: "UC",
    verification_uri: "https://id.example/d",
    expires_in: 900,
    interval: 5,
  },
};

/** A provider with this document that grants whatever it is asked for. */
function serving(document: object, token: Reply = () => TOKENS): Reply {
  return (asked) => {
    if (asked.url.includes("/.well-known/")) return { body: document };
    if (/device/.test(asked.url)) return DEVICE;
    return token(asked);
  };
}

const deviceSignIn = (): SignInRequest => signInRequest({ flow: "device_code", timeout: 600 }).request;

describe("the issuer in the document", () => {
  const oci = { preset: "oci", issuer: "https://idcs-1.identity.oraclecloud.com", scope: "api" };
  const document = {
    issuer: "https://identity.oraclecloud.com/",
    token_endpoint: `${oci.issuer}:443/oauth2/v1/token`,
  };

  it("may be another one where the endpoints are on the issuer's host, :443 or not", async () => {
    const { grants } = await against(oci, serving(document));
    expect(await grants.signIn(deviceSignIn())).toMatchObject({ access_token: "at" });
  });

  it("comes with endpoints as paths, too", async () => {
    const { grants, asked } = await against(
      oci,
      serving({ ...document, token_endpoint: "/oauth2/v1/token" }),
    );
    await grants.signIn(deviceSignIn());
    expect(asked.map(({ url }) => url)).toEqual([
      `${oci.issuer}/.well-known/openid-configuration`,
      `${oci.issuer}/oauth2/v1/device`,
      `${oci.issuer}/oauth2/v1/token`,
    ]);
  });

  it.each(["https://evil.example/token", "https://idcs-1.identity.oraclecloud.com.evil.example/token"])(
    "refuses an endpoint on another host: %s",
    async (token_endpoint) => {
      const { grants, asked } = await against(oci, serving({ ...document, token_endpoint }));
      await expect(grants.refresh("rt")).rejects.toMatchObject({
        kind: "configuration",
        hint: expect.stringContaining("endpoints.token_endpoint"),
      });
      expect(asked).toHaveLength(1);
    },
  );

  it("lets the profile itself name an endpoint elsewhere", async () => {
    const endpoints = { token_endpoint: "https://proxy.example/token" };
    const { grants, asked } = await against({ ...oci, endpoints }, serving(document));
    expect(await grants.refresh("rt")).toMatchObject({ outcome: "refreshed" });
    expect(asked.at(-1)?.url).toBe("https://proxy.example/token");
  });

  it("must be the profile's for a provider of no such kind", async () => {
    const profile = { preset: "okta", issuer: "https://a.okta.com/oauth2/1" };
    const { grants } = await against(
      profile,
      serving({ ...document, issuer: "https://b.okta.com/oauth2/1" }),
    );
    await expect(grants.refresh("rt")).rejects.toMatchObject({ kind: "configuration" });
  });
});

describe("Entra's tenants", () => {
  const TID = "9122040d-6c67-4c5b-b112-36a304b66dad";
  const jwt = (claims: object) =>
    [{ alg: "RS256" }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
  const idToken = (iss: string) =>
    `${jwt({ iss, aud: "public-cli", sub: "s", tid: TID, iat: 1, exp: 9e9 })}.c2ln`;

  async function refreshed(issuer: string, named: string, iss: string) {
    const { origin } = new URL(issuer);
    const document = { issuer: named, token_endpoint: `${origin}/token` };
    const tokens = { body: { ...TOKENS.body, id_token: idToken(iss) } };
    const { grants, asked } = await against(
      { preset: "entra", issuer },
      serving(document, () => tokens),
    );
    const outcome = await grants.refresh("rt");
    return { outcome, discovered: asked[0]?.url };
  }

  it.each([
    [
      "many tenants",
      "https://login.microsoftonline.com/common/v2.0",
      "https://login.microsoftonline.com/{tenantid}/v2.0",
    ],
    [
      "a tenant by its domain",
      "https://login.microsoftonline.com/contoso.com/v2.0",
      `https://login.microsoftonline.com/${TID}/v2.0`,
    ],
    [
      "a tenant by its id",
      `https://login.microsoftonline.com/${TID}/v2.0`,
      `https://login.microsoftonline.com/${TID}/v2.0`,
    ],
    [
      "a national cloud",
      "https://login.microsoftonline.us/organizations/v2.0",
      "https://login.microsoftonline.us/{tenantid}/v2.0",
    ],
  ])("%s", async (_name, issuer, named) => {
    const { outcome, discovered } = await refreshed(issuer, named, named.replace("{tenantid}", TID));
    expect(outcome).toMatchObject({ outcome: "refreshed" });
    expect(discovered).toBe(`${issuer}/.well-known/openid-configuration`);
  });

  it("an ID token of another tenant than it says is refused", async () => {
    const issuer = "https://login.microsoftonline.com/common/v2.0";
    const named = "https://login.microsoftonline.com/{tenantid}/v2.0";
    await expect(
      refreshed(issuer, named, "https://login.microsoftonline.com/other/v2.0"),
    ).rejects.toMatchObject({
      kind: "refused",
    });
  });
});

describe("what a provider is asked with", () => {
  const document = (issuer: string) => ({ issuer, token_endpoint: `${issuer}/token` });

  it("OCI's device request carries response_type and no secret, the polls carry it", async () => {
    const issuer = "https://idcs-1.identity.oraclecloud.com";
    const { grants, asked } = await against({ preset: "oci", issuer }, serving(document(issuer)), "idcscs-1");
    await grants.signIn(deviceSignIn());
    const [, device, poll] = asked;
    expect(device).toMatchObject({ authorization: null });
    expect(Object.fromEntries(device?.form ?? [])).toMatchObject({
      client_id: "public-cli",
      response_type: "device_code",
    });
    expect(device?.form.has("client_secret")).toBe(false);
    expect(poll?.authorization).toMatch(/^Basic /);
  });

  it("the profile's own parameters go before the preset's", async () => {
    const issuer = "https://idcs-1.identity.oraclecloud.com";
    const profile = { preset: "oci", issuer, authorization_params: { response_type: "other" } };
    const { grants, asked } = await against(profile, serving(document(issuer)));
    await grants.signIn(deviceSignIn());
    expect(asked[1]?.form.get("response_type")).toBe("other");
  });

  it("GitHub is never asked for a document, nor for a revocation it does not have", async () => {
    const { grants, asked } = await against({ preset: "github", issuer: "https://github.com" }, () => TOKENS);
    await grants.refresh("rt");
    expect(asked.map(({ url }) => url)).toEqual(["https://github.com/login/oauth/access_token"]);
    const tokens = { access_token: "at", token_type: "Bearer", obtained_at: 1 };
    expect(await grants.revoke(tokens)).toBe("not_supported");
    expect(asked).toHaveLength(1);
  });
});

describe("how a provider says no", () => {
  const okta = { preset: "okta", issuer: "https://a.okta.com/oauth2/1" };
  const document = { issuer: okta.issuer, token_endpoint: `${okta.issuer}/v1/token` };

  it("Auth0's 429 with slow_down slows polling down and nothing more", async () => {
    const issuer = "https://a.auth0.com/";
    const answers = [
      { status: 429, body: { error: "slow_down", error_description: "You are polling faster than …" } },
      TOKENS,
    ];
    const reply = serving({ issuer, token_endpoint: `${issuer}oauth/token` }, () => answers.shift());
    const { grants } = await against({ preset: "auth0", issuer }, reply);
    const { request, shown } = signInRequest({ flow: "device_code", timeout: 600 });
    expect(await grants.signIn(request)).toMatchObject({ access_token: "at" });
    expect(shown.notices).toEqual([]);
  });

  it("a 429 that says something else is temporary as before", async () => {
    const { grants } = await against(
      okta,
      serving(document, () => ({ status: 429, body: { error: "too_many" } })),
    );
    await expect(grants.refresh("rt")).rejects.toMatchObject({ kind: "temporary" });
  });

  it("Google's error_code of a device request is read as an error", async () => {
    const google = { preset: "google", issuer: "https://accounts.google.com" };
    const { grants } = await against(google, (asked) =>
      asked.url.includes("/.well-known/")
        ? {
            body: {
              issuer: google.issuer,
              token_endpoint: "https://oauth2.googleapis.com/token",
              device_authorization_endpoint: "https://oauth2.googleapis.com/device/code",
            },
          }
        : { status: 403, body: { error_code: "rate_limit_exceeded" } },
    );
    await expect(grants.signIn(deviceSignIn())).rejects.toMatchObject({
      kind: "temporary",
      message: expect.stringContaining("rate_limit_exceeded"),
    });
  });

  it.each([
    ["incorrect_client_credentials", "refused", "does not accept client"],
    ["device_flow_disabled", "refused", "does not let client"],
    ["token_expired", "sign_in_needed", "nobody finished the sign-in"],
    ["incorrect_device_code", "refused", "did not accept what the sign-in gave"],
  ])("GitHub's %s is understood", async (error, kind, sentence) => {
    const { grants } = await against({ preset: "github", issuer: "https://github.com" }, (asked) =>
      asked.url.endsWith("/login/device/code") ? DEVICE : { body: { error, error_description: "in words" } },
    );
    await expect(grants.signIn(deviceSignIn())).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(sentence),
    });
  });

  it("a flow that is not allowed is answered with what to switch on at that provider", async () => {
    const reply = serving(document, () => ({ status: 400, body: { error: "unauthorized_client" } }));
    const { grants } = await against(okta, reply);
    await expect(grants.signIn(deviceSignIn())).rejects.toMatchObject({
      kind: "refused",
      hint: expect.stringMatching(/at Okta: .*Device Authorization/),
    });
  });

  it("Keycloak's 401 with unauthorized_client is about the secret, not the flow", async () => {
    const keycloak = { preset: "keycloak", issuer: "https://k/realms/r" };
    const refuse = () => ({
      status: 401,
      body: {
        error: "unauthorized_client",
        error_description: "Invalid client or Invalid client credentials",
      },
    });
    const reply = serving({ issuer: keycloak.issuer, token_endpoint: `${keycloak.issuer}/token` }, refuse);
    const { grants } = await against(keycloak, reply);
    await expect(grants.refresh("rt")).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("does not accept client"),
      hint: expect.stringContaining("client_secret"),
    });
  });

  it("invalid_request ends a session at Dex and not at Okta", async () => {
    const refuse = () => ({ status: 400, body: { error: "invalid_request" } });
    const dex = { preset: "dex", issuer: "https://a/dex" };
    const at_dex = await against(
      dex,
      serving({ issuer: dex.issuer, token_endpoint: `${dex.issuer}/token` }, refuse),
    );
    expect(await at_dex.grants.refresh("rt")).toMatchObject({ outcome: "session_ended" });
    const at_okta = await against(okta, serving(document, refuse));
    await expect(at_okta.grants.refresh("rt")).rejects.toMatchObject({ kind: "refused" });
  });
});
