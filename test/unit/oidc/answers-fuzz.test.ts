import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { isOidcTokenError } from "../../../src/errors.js";
import { FORMATS } from "../../../src/formats/output.js";
import type { Profile } from "../../../src/profile.js";
import { oneLine } from "../../../src/text.js";
import type { TokenSet } from "../../../src/token/token-set.js";
import { Dice, fuzzCount } from "../../support/fuzz.js";
import { benchFor, signInRequest, testProfile } from "../../support/grants.js";

const SECRET = "canary-client-secret";
const REFRESH = "canary-refresh-token";
const DEVICE_CODE = "canary-device-code";
const ISSUER = "https://provider.example";

const ENDPOINTS = {
  token_endpoint: `${ISSUER}/token`,
  device_authorization_endpoint: `${ISSUER}/device`,
  revocation_endpoint: `${ISSUER}/revoke`,
};
const SIGNING_IN = {
  issuer: ISSUER,
  ...ENDPOINTS,
  authorization_endpoint: `${ISSUER}/auth`,
  pushed_authorization_request_endpoint: `${ISSUER}/par`,
};
const { privateKey, publicKey } = await generateKeyPair("ES256");
/** The one that the ID token is signed with. */
const JWK: Record<string, unknown> = { ...(await exportJWK(publicKey)), kid: "k", use: "sig", alg: "ES256" };

const KEYS = [
  "access_token",
  "token_type",
  "expires_in",
  "refresh_token",
  "id_token",
  "scope",
  "error",
  "error_description",
  "error_uri",
  "error_code",
  "device_code",
  "user_code",
  "verification_uri",
  "verification_url",
  "verification_uri_complete",
  "interval",
  "issuer",
  "token_endpoint",
  "jwks_uri",
  "revocation_endpoint",
  "device_authorization_endpoint",
  "mtls_endpoint_aliases",
  "id_token_signing_alg_values_supported",
  "token_endpoint_auth_methods_supported",
  "request_uri",
  "keys",
  ...["kty", "crv", "x", "y", "n", "e", "kid", "use", "alg", "key_ops", "x5c"],
  "__proto__",
  "detail",
];

const TEXTS = [
  "",
  " ",
  "a",
  "bearer",
  "Bearer",
  "DPoP",
  "mac",
  "invalid_grant",
  "invalid_client",
  "invalid_request",
  "invalid_scope",
  "authorization_pending",
  "slow_down",
  "expired_token",
  "access_denied",
  "__proto__",
  "constructor",
  REFRESH,
  SECRET,
  `the token ${REFRESH} with ${SECRET} is unknown`,
  `${REFRESH.slice(0, 8)}\u0000${REFRESH.slice(8)}`,
  "two\nlines\r\nSet-Cookie: a=b",
  "\u001b]52;c;Y2FuYXJ5\u0007",
  "\u202eright to left\u2066",
  "\ud800",
  "grün 漢字 🙂",
  "x".repeat(6000),
  "javascript:alert(1)",
  "http://127.0.0.1:1/x",
  "https://elsewhere.example/token",
  `${ISSUER}/token`,
  ISSUER,
  "-1",
  "1e400",
  "3600",
  "0x10",
  "NaN",
  "a.b.c",
  "eyJhbGciOiJub25lIn0.e30.",
];

const NUMBERS = [0, -0, 1, -1, 3600, 5.5, -1e308, 1e308, 2 ** 53, 0.000_001, Number.MIN_VALUE];

function value(dice: Dice, depth = 0): unknown {
  switch (dice.below(depth > 2 ? 5 : 8)) {
    case 0:
    case 1:
    case 2:
      return dice.pick(TEXTS);
    case 3:
      return dice.pick(NUMBERS);
    case 4:
      return dice.pick([true, false, null]);
    case 5:
      return Array.from({ length: dice.below(4) }, () => value(dice, depth + 1));
    case 6:
      return idToken(dice);
    default:
      return Object.fromEntries(
        Array.from({ length: dice.below(4) }, () => [dice.pick(KEYS), value(dice, depth + 1)]),
      );
  }
}

/** A JWT whose claims are right, or nearly. */
function idToken(dice: Dice): string {
  const now = Math.floor(Date.now() / 1000);
  const claims: Record<string, unknown> = {
    iss: ISSUER,
    aud: "public-cli",
    sub: "person",
    exp: now + 600,
    iat: now,
  };
  if (dice.chance(0.6)) claims[dice.pick([...Object.keys(claims), "azp", "nonce"])] = value(dice, 2);
  const part = (content: unknown) => Buffer.from(JSON.stringify(content)).toString("base64url");
  const alg = dice.pick(["RS256", "ES256", "none", "HS256", "EdDSA", 7]);
  return `${part({ alg })}.${part(claims)}.${dice.pick(["c2ln", "", "*", "c2ln\n"])}`;
}

/** The right key, one that is nearly it, or others. */
function keySet(dice: Dice): unknown[] {
  return Array.from({ length: 1 + dice.below(3) }, () => {
    const key = { ...JWK };
    for (let changes = dice.below(3); changes > 0; changes -= 1) {
      const name = dice.pick(Object.keys(key));
      if (dice.chance(0.3)) delete key[name];
      else key[name] = value(dice, 1);
    }
    return dice.chance(0.05) ? value(dice, 1) : key;
  });
}

function body(dice: Dice, path: string): string {
  const right: Record<string, unknown> = {
    "/token": {
      access_token: "an-access-token",
      token_type: "Bearer",
      expires_in: 3600,
      refresh_token: "next",
    },
    "/device": {
      device_code: DEVICE_CODE,
      user_code: "ABCD",
      verification_uri: `${ISSUER}/activate`,
      expires_in: 20,
      interval: 5,
    },
    "/par": { request_uri: "urn:ietf:params:oauth:request_uri:x", expires_in: 60 },
    "/jwks": { keys: keySet(dice) },
  };
  const start = dice.chance(0.5)
    ? (right[path] ?? { issuer: ISSUER, ...ENDPOINTS })
    : { error: dice.pick(TEXTS), error_description: value(dice) };
  const object = { ...(start as object) } as Record<string, unknown>;
  for (let changes = dice.below(4); changes > 0; changes -= 1) {
    const key = dice.pick(dice.chance(0.7) ? Object.keys(object) : KEYS) ?? "error";
    if (dice.chance(0.2)) delete object[key];
    else
      Object.defineProperty(object, key, {
        value: value(dice),
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  const json = JSON.stringify(object);
  switch (dice.below(12)) {
    case 0:
      return json.slice(0, dice.below(json.length));
    case 1:
      return JSON.stringify(value(dice));
    case 2:
      return dice.pick([
        "",
        "<html>",
        "\u0000",
        "null",
        `<p>${REFRESH}</p>`,
        "a=b&error=x&access_token=y",
        "[]",
      ]);
    default:
      return json;
  }
}

function answer(dice: Dice, path: string): Response {
  const status = dice.chance(0.6)
    ? 200
    : dice.pick([
        201, 204, 205, 206, 301, 302, 304, 400, 400, 400, 401, 403, 404, 408, 418, 429, 500, 503, 599,
      ]);
  const headers = new Headers();
  const set = (name: string, values: readonly string[], probability: number) => {
    if (dice.chance(probability)) headers.set(name, dice.pick(values));
  };
  set(
    "content-type",
    [
      "application/json",
      "application/json; charset=utf-8",
      "text/html",
      "application/x-www-form-urlencoded",
      "x",
      "application/jwt",
    ],
    0.9,
  );
  set(
    "www-authenticate",
    [
      "Basic",
      'Bearer realm="x", error="invalid_token"',
      'DPoP algs="ES256"',
      ",,,",
      "=",
      `Basic realm="${REFRESH}"`,
      '"',
    ],
    0.15,
  );
  set("retry-after", ["5", "-1", "1e9", "soon", "99999999999999999999"], 0.1);
  set("date", ["Thu, 01 Jan 1970 00:00:00 GMT", "x", "Fri, 31 Dec 9999 23:59:59 GMT"], 0.1);
  set("dpop-nonce", ["n", "\u00ff"], 0.1);
  const empty = [204, 205, 304].includes(status) || dice.chance(0.03);
  return new Response(empty ? null : body(dice, path), { status, headers });
}

const NETWORK_CODES = ["ECONNRESET", "ENOTFOUND", "ERR_SSL_WRONG_VERSION_NUMBER", "UND_ERR_SOCKET"];

async function grantsFor(
  dice: Dice,
  overrides: Partial<Profile>,
  {
    known = {},
    openBrowser,
  }: { known?: Record<string, object>; openBrowser?: (url: string) => Promise<void> } = {},
) {
  let now = 1_800_000_000;
  return await benchFor(
    { client_auth: dice.pick(["client_secret_post", "client_secret_basic"]), ...overrides },
    {
      client_secret: SECRET,
      context: {
        now: () => now,
        sleep: async (ms) => {
          now += ms / 1000;
        },
        fetch: async (input) => {
          if (dice.chance(0.01)) {
            throw Object.assign(new TypeError("failed"), { cause: { code: dice.pick(NETWORK_CODES) } });
          }
          const path = new URL(String(input)).pathname;
          return known[path] ? Response.json(known[path]) : answer(dice, path);
        },
        ...(openBrowser && { openBrowser }),
      },
    },
  );
}

/** Plain comparisons: an expectation costs more than an answer does. */
function must(holds: boolean, what: string, shown: unknown): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(shown)}`);
}

/** Whatever the provider answers, this must hold of what a person, a log and a caller get to see. */
function check(result: unknown, log: readonly string[], secrets: readonly string[]): void {
  const keeps = (text: string): void =>
    must(!secrets.some((secret) => text.includes(secret)), "a secret", text);
  keeps(log.join("\n"));
  if (isOidcTokenError(result)) {
    const shown = `${result.message} ${result.hint}`;
    must(result.kind !== "defect", "a defect", { shown, cause: `${result.cause}` });
    must(oneLine(shown) === shown, "more than a line", shown);
    must(shown.length < 1500, "too long", shown);
    keeps(shown);
    return;
  }
  if (result instanceof Error) throw result;
  const { outcome, tokens = result, reason = "", error } = (result ?? {}) as Record<string, unknown>;
  if (outcome === "unusable") {
    check(error, log, secrets);
    return;
  }
  keeps(`${reason}`);
  if (outcome !== "session_ended" && typeof tokens === "object") checkTokens(tokens as TokenSet);
}

const PROFILE = testProfile({});

function checkTokens(tokens: TokenSet): void {
  must(Number.isFinite(tokens.expires_at ?? 0), "an odd expiry", tokens);
  for (const token of [tokens.access_token, tokens.id_token ?? "x"])
    must(/^[\x21-\x7e]+$/.test(token), "a token", token);
  for (const [name, format] of Object.entries(FORMATS)) {
    const text = format(tokens, PROFILE, 1_800_000_000, {});
    const is_one_line = !/[\r\n]/.test(text.trimEnd());
    must(is_one_line || ["json", "exec-credential"].includes(name), "more than a line", text);
  }
}

const CASES: Record<
  string,
  (dice: Dice) => Promise<readonly [unknown, readonly string[], readonly string[]]>
> = {
  "a refresh": async (dice) => {
    const { grants, log } = await grantsFor(dice, { endpoints: ENDPOINTS });
    return [await grants.refresh(REFRESH).catch((error) => error), log, [REFRESH, SECRET]];
  },
  "a discovery and a refresh": async (dice) => {
    const { grants, log } = await grantsFor(dice, {
      issuer: ISSUER,
      preset: dice.pick(["generic", "oci", "entra", "google", "auth0"]),
    });
    return [await grants.refresh(REFRESH).catch((error) => error), log, [REFRESH]];
  },
  "a token without a person": async (dice) => {
    const flow = dice.pick(["client_credentials", "token_exchange", "jwt_bearer"] as const);
    const reference = { from: "plain", value: REFRESH } as const;
    const traded_in = { subject_token: reference, assertion: reference };
    const { grants, log } = await grantsFor(dice, { endpoints: ENDPOINTS, ...traded_in });
    const known = flow === "client_credentials" ? [SECRET] : [SECRET, REFRESH];
    return [await grants.issue(flow).catch((error) => error), log, known];
  },
  "a sign-in with a device code": async (dice) => {
    const { grants, log } = await grantsFor(dice, { endpoints: ENDPOINTS });
    const { request, shown } = signInRequest({ flow: "device_code", timeout: 20 });
    const result = await grants.signIn(request).catch((error) => error);
    // What a person is to type in is shown whatever it is, as long as it does nothing to the terminal.
    for (const { user_code } of shown.device) expect(user_code).toBe(oneLine(user_code));
    return [result, [...log, ...shown.notices], [DEVICE_CODE, SECRET]];
  },
  "a pushed authorization request": async (dice) => {
    const opened: string[] = [];
    const known = {
      "/.well-known/openid-configuration": {
        ...SIGNING_IN,
        require_pushed_authorization_requests: dice.chance(0.5),
      },
    };
    const openBrowser = async (url: string) => void opened.push(url);
    const { grants, log } = await grantsFor(
      dice,
      { issuer: ISSUER, preset: "generic" },
      { known, openBrowser },
    );
    const enough = new AbortController();
    const { request, shown } = signInRequest({
      open_browser: true,
      signal: enough.signal,
      onBrowser: () => enough.abort(),
    });
    const result = await grants.signIn(request).catch((error) => error);
    for (const url of [...opened, ...shown.browser.map((each) => each.url)]) {
      must(url.startsWith(`${ISSUER}/auth?`) && /^[\x21-\x7e]+$/.test(url), "another address", url);
    }
    return [result, [...log, ...opened, ...shown.notices], [SECRET]];
  },
  "a key set that an ID token is checked with": async (dice) => {
    const claims = { sub: "person", iss: ISSUER, aud: "public-cli" };
    const id_token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: "k" })
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(privateKey);
    const endpoints = { ...ENDPOINTS, jwks_uri: `${ISSUER}/jwks` };
    const { grants, log } = await grantsFor(dice, { issuer: ISSUER, preset: "generic", endpoints });
    const tokens = { access_token: "canary-access", token_type: "Bearer", obtained_at: 1, id_token };
    const result = await grants.verifyIdToken(tokens).catch((error) => error);
    return [result, log, [id_token, SECRET]];
  },
  "a revocation": async (dice) => {
    const { grants, log } = await grantsFor(dice, { endpoints: ENDPOINTS });
    const tokens = {
      access_token: "canary-access",
      token_type: "Bearer",
      obtained_at: 1,
      refresh_token: REFRESH,
    };
    return [await grants.revoke(tokens).catch((error) => error), log, [REFRESH, SECRET]];
  },
};

describe("whatever a provider answers to", () => {
  it.each(Object.entries(CASES))(
    "%s, it ends with tokens fit to print or an error fit to read",
    async (name, run) => {
      const count = fuzzCount(10_000) / Object.keys(CASES).length;
      for (let seed = 1; seed <= count; seed += 1) {
        const dice = new Dice(seed * 7919 + name.length);
        try {
          check(...(await run(dice)));
        } catch (error) {
          throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
        }
      }
    },
    600_000,
  );
});
