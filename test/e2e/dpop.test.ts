import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { CLIENTS, type ProviderOptions, startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, deviceProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
/** The proofs that came to the token endpoint, as far as they are shown. */
let proofs: { readonly nonce?: string; readonly x: string }[];
beforeEach(() => {
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  proofs = [];
});
afterEach(async () => {
  sandbox.dispose();
  await provider.stop();
});

interface Server {
  /** It asks for a nonce in each proof. */
  readonly nonce?: boolean;
  /** It binds the access token as well; else it answers as RFC 9449 §5 lets it where only the refresh token is bound. */
  readonly binds_access_token?: boolean;
}

async function begin({ nonce = false, binds_access_token = false }: Server = {}) {
  const middleware: ProviderOptions["middleware"] = async (ctx, next) => {
    const proof = ctx.path === "/token" ? ctx.get("dpop") : "";
    if (proof !== "") {
      const [header, payload] = proof
        .split(".")
        .slice(0, 2)
        .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
      proofs.push({ x: header.jwk.x, ...(payload.nonce && { nonce: payload.nonce }) });
      expect(header).toMatchObject({ alg: "ES256", typ: "dpop+jwt" });
      expect(header.jwk).not.toHaveProperty("d");
    }
    await next();
    const body = ctx.body as { token_type?: string } | undefined;
    if (ctx.path === "/token" && body?.token_type === "DPoP" && !binds_access_token)
      body.token_type = "Bearer";
  };
  provider = await startProvider({
    middleware,
    settings: (settings) => ({
      ...settings,
      features: {
        ...settings.features,
        dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => nonce },
      },
    }),
  });
}

/** The refresh token in the hands of somebody who has copied it alone. */
async function stolen(): Promise<unknown> {
  const body = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: CLIENTS.public.client_id,
    refresh_token: file.tokens.refresh_token ?? "",
  });
  return await (await fetch(`${provider.issuer}/token`, { method: "POST", body })).json();
}

describe('with "dpop": true', () => {
  it.each([
    ["in the browser", browserProfile, false],
    ["in the browser, with a nonce that the server asks for", browserProfile, true],
    ["on a device", deviceProfile, false],
    ["on a device, with a nonce that the server asks for", deviceProfile, true],
  ])(
    "a sign-in %s binds the refresh token to a key that is kept with it, and refreshes prove themselves by it",
    async (_how, profile, nonce) => {
      await begin({ nonce });
      sandbox.configure({ profiles: { dev: profile(provider, { dpop: true }) } });
      expect(await signIn(sandbox)).toMatchObject({ code: 0 });
      const key = JSON.parse(file.tokens.dpop_key ?? "");
      expect(key).toEqual({
        kty: "EC",
        crv: "P-256",
        x: expect.any(String),
        y: expect.any(String),
        d: expect.any(String),
      });
      expect(await stolen()).toMatchObject({
        error: expect.stringMatching(/invalid_(grant|dpop_proof|request)/),
      });

      const first = file.tokens.refresh_token;
      const asked = provider.counts["/token"] ?? 0;
      for (let round = 0; round < 2; round += 1) {
        expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
      }
      expect(file.tokens.refresh_token).not.toBe(first);
      expect(JSON.parse(file.tokens.dpop_key ?? "")).toEqual(key);
      expect(new Set(proofs.map(({ x }) => x))).toEqual(new Set([key.x]));
      expect(provider.counts["/token"]).toBe(asked + (nonce ? 4 : 2));
      expect(proofs.some((proof) => proof.nonce !== undefined)).toBe(nonce);

      const counts = { ...provider.counts };
      for (let call = 0; call < 2; call += 1) {
        expect(await sandbox.run(["get"])).toMatchObject({
          code: 0,
          stdout: `${file.tokens.access_token}\n`,
          stderr: "",
        });
      }
      expect((await sandbox.run(["get", "-f", "json"])).stdout).not.toContain(key.d);
      expect(provider.counts).toEqual(counts);
    },
  );

  it("a session keeps its key though the profile asks for none any more, and one without goes on without", async () => {
    await begin();
    const configure = (dpop: boolean) =>
      sandbox.configure({ profiles: { dev: browserProfile(provider, { dpop }) } });
    configure(true);
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
    configure(false);
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
    expect(proofs).toHaveLength(2);
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
    expect(file.tokens).not.toHaveProperty("dpop_key");
    configure(true);
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
    expect(proofs).toHaveLength(2);
  });

  it("a key that is damaged in the store: exit 6, and what helps", async () => {
    await begin();
    sandbox.configure({ profiles: { dev: browserProfile(provider, { dpop: true }) } });
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
    for (const dpop_key of [
      "",
      "{",
      "null",
      "{}",
      file.tokens.dpop_key?.replace('"crv":"P-256"', '"crv":"P-384"'),
    ]) {
      file.change({ dpop_key });
      const { message, hint } = expectFailure(await sandbox.run(["refresh"]), 6);
      expect(message).toBe("the key that the session of profile dev is bound to is damaged in the store");
      expect(hint).toBe("run: oidc-token login --profile dev");
    }
    expect(await signIn(sandbox)).toMatchObject({ code: 0 });
    expect(await sandbox.run(["refresh"])).toMatchObject({ code: 0 });
  });

  it("an access token that is bound as well is refused, with what helps, and its session is ended", async () => {
    await begin({ binds_access_token: true });
    sandbox.configure({ profiles: { dev: browserProfile(provider, { dpop: true }) } });
    const outcome = await signIn(sandbox);
    const { message, hint } = expectFailure({ ...outcome, stdout: "" }, 7, "more");
    expect(message).toBe(
      "the provider issued a token that is bound to a key (DPoP), of use only to a program that signs each request",
    );
    expect(hint).toMatch(
      /bind the refresh token alone \(RFC 9449, section 5\), or take "dpop" out of the profile/,
    );
    expect(provider.counts["/token/revocation"]).toBe(2);
    expectFailure(await sandbox.run(["get"]), 3);
  });

  it("is the environment's to say, too, and has no meaning without a person", async () => {
    await begin();
    sandbox.configure({ profiles: { dev: browserProfile(provider) } });
    expect(await signIn(sandbox, [], { env: { OIDC_TOKEN_DPOP: "true" } })).toMatchObject({ code: 0 });
    expect(file.tokens.dpop_key).toBeDefined();
    const { message } = expectFailure(await sandbox.run(["get"], { env: { OIDC_TOKEN_DPOP: "yes" } }), 4);
    expect(message).toBe("OIDC_TOKEN_DPOP must be true or false");
    sandbox.configure({
      profiles: {
        ci: { issuer: provider.issuer, ...CLIENTS.service, flow: "client_credentials", dpop: true },
      },
    });
    const { stdout, stderr } = await sandbox.run(["config", "check"]);
    expect(stdout + stderr).toMatch(/"dpop", but with the flow client_credentials there is no refresh token/);
  });
});

describe("a provider that demands a proof", () => {
  it.each([
    { error: "invalid_dpop_proof" },
    { error: "use_dpop_nonce", error_description: "Authorization server requires nonce in DPoP proof" },
    // Keycloak
    { error: "invalid_request", error_description: "DPoP proof is missing" },
  ])("is told of with the name of the key to set, exit 7: $error", async (answer) => {
    await begin();
    const fault = {
      kind: "answer",
      status: 400,
      body: JSON.stringify(answer),
      headers: { "content-type": "application/json", "dpop-nonce": "n-1" },
      path: "/token",
    } as const;
    await provider.fault(fault);
    sandbox.configure({ profiles: { dev: browserProfile(provider) } });
    const without = expectFailure({ ...(await signIn(sandbox)), stdout: "" }, 7, "more");
    expect(without.message).toContain("demands a proof that the token is bound to a key (DPoP): ");
    expect(without.hint).toBe('set "dpop": true in profile dev, then run: oidc-token login --profile dev');
    sandbox.configure({ profiles: { dev: browserProfile(provider, { dpop: true }) } });
    const refused = expectFailure({ ...(await signIn(sandbox)), stdout: "" }, 7, "more");
    expect(refused.message).toContain("does not accept the proof (DPoP) that came with the request: ");
    expect(refused.hint).toContain("this machine's clock");
  });

  it("and says no more than invalid_grant is told of only where it can check proofs, and gives no other reason", async () => {
    const wrong = { error: "invalid_grant", error_description: "grant request is invalid" };
    const other = { error: "invalid_grant", error_description: "redirect_uri does not match" };
    const hintOf = async (answer: object) => {
      await provider.fault({
        kind: "answer",
        status: 400,
        body: JSON.stringify(answer),
        headers: { "content-type": "application/json" },
        path: "/token",
      });
      return expectFailure({ ...(await signIn(sandbox)), stdout: "" }, 7, "more").hint;
    };
    const proof = /; if the provider demands a proof \(DPoP\) of this client, set "dpop": true$/;
    await begin();
    sandbox.configure({ profiles: { dev: browserProfile(provider) } });
    expect(await hintOf(wrong)).toMatch(proof);
    expect(await hintOf({ error: "invalid_grant" })).toMatch(proof);
    expect(await hintOf(other)).not.toMatch(/DPoP/);
    sandbox.configure({ profiles: { dev: browserProfile(provider, { dpop: true }) } });
    expect(await hintOf(wrong)).not.toMatch(/DPoP/);
    await provider.stop();
    provider = await startProvider({
      settings: (settings) => ({
        ...settings,
        features: { ...settings.features, dPoP: { enabled: false } },
      }),
    });
    sandbox.configure({ profiles: { dev: browserProfile(provider) } });
    expect(await hintOf(wrong)).not.toMatch(/DPoP/);
  });
});
