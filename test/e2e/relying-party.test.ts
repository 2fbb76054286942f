import { existsSync } from "node:fs";
import { join } from "node:path";
import { decodeJwt } from "jose";
import type { KoaContextWithOIDC } from "oidc-provider";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

/**
 * The cases of the OpenID Foundation's conformance suite for relying parties, by the names of its modules
 * (https://gitlab.com/openid/conformance-suite, openid/client and fapi2spfinal), with what it asks of a client. The
 * embedded provider answers correctly, and what it says is changed on its way to the real command.
 */
type Body = Record<string, unknown>;
interface Tampering {
  readonly id_token?: (claims: Body) => Body;
  readonly header?: (header: Body) => Body;
  readonly signature?: (signature: string) => string;
  readonly token_response?: (body: Body) => Body;
  readonly authorization_response?: (parameters: URLSearchParams) => void;
  readonly discovery?: (document: Body) => Body;
}

let tampering: Tampering = {};
let provider: TestProvider;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startProvider({ middleware: tamper });
});
afterAll(() => provider.stop());
beforeEach(() => {
  sandbox = new Sandbox();
  sandbox.configure({ profiles: { dev: browserProfile(provider) } });
});
afterEach(() => {
  tampering = {};
  sandbox.dispose();
});

async function tamper(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next();
  const body = ctx.body as Body;
  if (ctx.path.startsWith("/.well-known/") && tampering.discovery)
    ctx.body = tampering.discovery({ ...body });
  if (ctx.path === "/token" && ctx.status === 200) {
    const changed = { ...body };
    if (typeof body.id_token === "string") changed.id_token = tamperedToken(body.id_token);
    ctx.body = tampering.token_response?.(changed) ?? changed;
  }
  const location = `${ctx.response.headers.location}`;
  if (location.startsWith("http://127.0.0.1") && location.includes("code=")) {
    const url = new URL(location);
    tampering.authorization_response?.(url.searchParams);
    ctx.redirect(url.href);
  }
}

function tamperedToken(token: string): string {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const part = (text: string, change: ((value: Body) => Body) | undefined): string => {
    if (!change) return text;
    return Buffer.from(JSON.stringify(change(JSON.parse(`${Buffer.from(text, "base64url")}`)))).toString(
      "base64url",
    );
  };
  return [
    part(header, tampering.header),
    part(payload, tampering.id_token),
    tampering.signature?.(signature) ?? signature,
  ].join(".");
}

const without = (name: string) => (body: Body) => {
  const { [name]: _, ...rest } = body;
  return rest;
};
const withValue = (values: Body) => (body: Body) => ({ ...body, ...values });

const OIDCC = "oidcc-client-test";
const FAPI = "fapi2-security-profile-final-client-test";

describe("is accepted, and the token is kept", () => {
  it.each<[module: string, what: string, Tampering]>([
    [OIDCC, "what the provider really says", {}],
    [`${OIDCC}-idtoken-sig-rs256`, "an ID token signed with RS256", {}],
    [`${OIDCC}-kid-absent-single-jwks`, "an ID token without kid", { header: without("kid") }],
    [
      `${OIDCC}-invalid-sig-rs256`,
      "a wrong signature on a token straight from the token endpoint, which the suite lets a client skip (Core §3.1.3.7)",
      { signature: (signature) => signature.split("").reverse().join("") },
    ],
    [
      `${FAPI}-valid-aud-as-array`,
      "an audience in a list",
      { id_token: (claims) => ({ ...claims, aud: [claims.aud] }) },
    ],
    [
      `${FAPI}-token-type-case-insensitivity`,
      "a token type in other case",
      { token_response: withValue({ token_type: "bEARER" }) },
    ],
    [
      `${FAPI}-token-endpoint-response-without-expires_in`,
      "a response without expires_in",
      { token_response: without("expires_in") },
    ],
  ])("%s: %s", async (_module, _what, how) => {
    tampering = how;
    expect(await signIn(sandbox)).toMatchObject({ code: 0, stderr: "" });
    const { access_token, expires_at } = new TokenFile(sandbox).tokens;
    // Also without expires_in: the JWT itself says it.
    expect(expires_at).toBeGreaterThanOrEqual(decodeJwt(access_token).exp ?? Number.NaN);
  });
});

describe("is refused, and no token is kept", () => {
  async function expectRefusal(code: number, sentence: string | RegExp, args: string[] = []): Promise<void> {
    const outcome = await signIn(sandbox, args);
    const events = outcome.stdout.trim().split("\n");
    const { message } = expectFailure({ ...outcome, stdout: "" }, code, "more");
    expect(message).toMatch(sentence);
    expect(events.map((line) => JSON.parse(line)).at(-1)).toMatchObject({ event: "error", code });
    expect(existsSync(join(sandbox.home, "data"))).toBe(false);
  }

  it.each<[module: string, what: string, Tampering, sentence: string]>([
    [
      `${OIDCC}-invalid-iss`,
      "an ID token of another issuer",
      { id_token: withValue({ iss: "https://evil.example.test" }) },
      "made for somebody else",
    ],
    [`${FAPI}-invalid-missing-iss`, "an ID token without iss", { id_token: without("iss") }, "can't be read"],
    [
      `${OIDCC}-invalid-aud`,
      "an ID token for another client",
      { id_token: withValue({ aud: "another-client" }) },
      "made for somebody else",
    ],
    [`${OIDCC}-missing-aud`, "an ID token without aud", { id_token: without("aud") }, "can't be read"],
    [
      `${FAPI}-invalid-secondary-aud`,
      "an ID token for this client and another",
      { id_token: (claims) => ({ ...claims, aud: [claims.aud, "another-client"] }) },
      "made for somebody else",
    ],
    [`${OIDCC}-missing-sub`, "an ID token without sub", { id_token: without("sub") }, "can't be read"],
    [`${OIDCC}-missing-iat`, "an ID token without iat", { id_token: without("iat") }, "can't be read"],
    [`${FAPI}-invalid-missing-exp`, "an ID token without exp", { id_token: without("exp") }, "can't be read"],
    [
      `${FAPI}-invalid-expired-exp`,
      "an ID token that is over",
      { id_token: withValue({ exp: 1_000_000_000 }) },
      "expired",
    ],
    [
      `${OIDCC}-nonce-invalid`,
      "an ID token with another nonce",
      { id_token: withValue({ nonce: "another" }) },
      "made for somebody else",
    ],
    [
      `${FAPI}-invalid-missing-nonce`,
      "an ID token without nonce",
      { id_token: without("nonce") },
      "can't be read",
    ],
    [
      `${OIDCC}-idtoken-sig-none`,
      "an unsigned ID token, which the suite lets a client refuse",
      { header: withValue({ alg: "none" }), signature: () => "" },
      "can't be read",
    ],
    [
      `${FAPI}-invalid-null-alg`,
      "an ID token with alg none and a signature",
      { header: withValue({ alg: "none" }) },
      "can't be read",
    ],
    ["no ID token", "where openid was asked for", { token_response: without("id_token") }, "no ID token"],
    [
      "token type",
      "that is none of ours",
      { token_response: withValue({ token_type: "mac" }) },
      "not supported",
    ],
  ])("%s: %s", async (_module, _what, how, sentence) => {
    tampering = how;
    await expectRefusal(7, new RegExp(sentence));
  });

  it.each<[module: string, what: string, (parameters: URLSearchParams) => void]>([
    [
      `${FAPI}-invalid-authorization-response-iss`,
      "a wrong iss in the answer to the sign-in",
      (answer) => answer.set("iss", "https://evil.example.test"),
    ],
    [
      `${FAPI}-remove-authorization-response-iss`,
      "no iss, where the provider says it sends one",
      (answer) => answer.delete("iss"),
    ],
  ])("%s: %s, before any code is traded in", async (_module, _what, authorization_response) => {
    const before = provider.counts["/token"];
    tampering = { authorization_response };
    await expectRefusal(7, /issuer/);
    expect(provider.counts["/token"]).toBe(before);
  });

  it.each<[module: string, what: string, (parameters: URLSearchParams) => void]>([
    [
      `${FAPI}-ensure-authorization-response-with-invalid-state-fails`,
      "a wrong state",
      (answer) => answer.set("state", "another"),
    ],
    [
      `${FAPI}-ensure-authorization-response-with-invalid-missing-state-fails`,
      "no state",
      (answer) => answer.delete("state"),
    ],
  ])(
    "%s: %s; the sign-in goes on waiting for the right one",
    async (_module, _what, authorization_response) => {
      const before = provider.counts["/token"];
      tampering = { authorization_response };
      await expectRefusal(3, /nobody finished the sign-in within 2 s/, ["--timeout", "2"]);
      expect(provider.counts["/token"]).toBe(before);
    },
  );

  it(`${OIDCC}-discovery-issuer-mismatch: another issuer in the discovery document, before anybody signs in`, async () => {
    const before = provider.counts["/auth"];
    tampering = { discovery: withValue({ issuer: "https://evil.example.test" }) };
    await expectRefusal(4, /calls itself https:\/\/evil\.example\.test/);
    expect(provider.counts["/auth"]).toBe(before);
  });
});
