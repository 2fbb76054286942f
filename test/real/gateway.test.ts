import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Apache,
  apacheMissing,
  type ExampleValues,
  namedForApache,
  startApache,
} from "../support/apache.js";
import { Sandbox } from "../support/command.js";
import { type ModelServer, startModelServer } from "../support/model-server.js";
import { API, CLIENTS } from "../support/provider.js";
import { startTlsProvider, type TlsProvider } from "../support/tls-provider.js";

const INVALID = 'Bearer error="invalid_token"';
const INSUFFICIENT = 'Bearer error="insufficient_scope"';

describe.skipIf(apacheMissing)(
  namedForApache("examples/gateway/apache.conf in front of a model server"),
  () => {
    let provider: TlsProvider;
    let models: ModelServer;
    let apache: Apache;
    let sandbox: Sandbox;
    let valid: string;
    let publicKey: string;
    beforeAll(async () => {
      provider = await startTlsProvider();
      models = await startModelServer();
      apache = await startApache(values(), provider.ca_file);
      sandbox = new Sandbox({ NODE_EXTRA_CA_CERTS: provider.ca_file });
      sandbox.configure({
        default_profile: "gateway",
        profiles: {
          gateway: profile({}),
          elsewhere: profile({ resource: "https://other.example.test" }),
          writer: profile({ scope: "api:write" }),
        },
      });
      valid = await token("gateway");
      const jwks = await fetch(`http://127.0.0.1:${provider.port}/jwks`);
      const [key = {}] = ((await jwks.json()) as { keys: JsonWebKey[] }).keys;
      publicKey = createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" }).toString();
    });
    afterAll(async () => {
      sandbox?.dispose();
      await apache?.stop();
      await models?.stop();
      await provider?.stop();
    });

    function values(overrides: Partial<ExampleValues> = {}): ExampleValues {
      return {
        ISSUER: provider.issuer,
        JWKS_URI: provider.jwks_uri,
        AUDIENCE: API.resource,
        SCOPE: "api:read",
        UPSTREAM: new URL(models.url).origin,
        ...overrides,
      };
    }

    function profile(overrides: object): object {
      return {
        ...CLIENTS.service,
        issuer: provider.issuer,
        flow: "client_credentials",
        scope: "api:read api:write",
        resource: API.resource,
        base_url: `${apache.origin}/v1`,
        ...overrides,
      };
    }

    async function token(name: string, ...args: string[]): Promise<string> {
      const outcome = await sandbox.run(["get", "--profile", name, ...args]);
      expect(outcome).toMatchObject({ code: 0, stderr: "" });
      return outcome.stdout.trim();
    }

    function ask(url: string, headers: Record<string, string> = {}, body?: object): Promise<Response> {
      return fetch(new URL(url, apache.origin), {
        method: body === undefined ? "GET" : "POST",
        headers: { ...headers, ...(body && { "content-type": "application/json" }) },
        signal: AbortSignal.timeout(10_000),
        ...(body && { body: JSON.stringify(body) }),
      });
    }

    async function judged(credential: string | undefined, url = "/v1/models") {
      const response = await ask(
        url,
        credential === undefined ? {} : { authorization: `Bearer ${credential}` },
      );
      await response.body?.cancel();
      return { status: response.status, challenge: response.headers.get("www-authenticate") };
    }

    it("200 for what `oidc-token get -f header` prints", async () => {
      const [name = "", value = ""] = (await token("gateway", "-f", "header")).split(": ");
      const listed = await ask("/v1/models", { [name]: value });
      expect(listed.status).toBe(200);
      expect(((await listed.json()) as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual([
        "large",
        "small",
      ]);
      const said = await ask("/v1/chat/completions", { [name]: value }, { model: "large", messages: [] });
      expect(said.status).toBe(200);
      expect(await said.text()).toContain("Hello from the model");
    });

    it("`oidc-token models` lists what is behind it", async () => {
      const outcome = await sandbox.run(["models", "--json"]);
      expect(outcome).toMatchObject({ code: 0, stderr: "" });
      expect(JSON.parse(outcome.stdout)).toMatchObject([{ id: "large" }, { id: "small" }]);
    });

    it("the model server learns who asks and never sees the token", async () => {
      models.headers.length = 0;
      const response = await ask("/v1/models", {
        authorization: `Bearer ${valid}`,
        "x-forwarded-user": "somebody-else",
      });
      expect(response.status).toBe(200);
      expect(models.headers).toMatchObject([{ "x-forwarded-user": CLIENTS.service.client_id }]);
      expect(JSON.stringify(models.headers)).not.toContain(valid);
    });

    it("401 without a token, with the challenge of RFC 6750", async () => {
      expect(await judged(undefined)).toMatchObject({
        status: 401,
        challenge: expect.stringContaining('Bearer error="invalid_request"'),
      });
    });

    it("401 for a valid token in the query, where logs would keep it", async () => {
      expect(await judged(undefined, `/v1/models?access_token=${valid}`)).toMatchObject({ status: 401 });
    });

    it.each<[string, () => string]>([
      ["garbage", () => "garbage"],
      ["three parts of garbage", () => "a.b.c"],
      ["a tampered signature", () => withSignature(valid, (signature) => flipped(signature))],
      ["no signature", () => withSignature(valid, () => Buffer.alloc(0))],
      [
        "a tampered scope",
        () => {
          const [header, , signature] = valid.split(".");
          return [header, encoded({ ...claimsOf(valid), scope: "api:read api:admin" }), signature].join(".");
        },
      ],
      ["alg none", () => `${encoded({ alg: "none", typ: "at+jwt" })}.${valid.split(".")[1]}.`],
      ["another key under the provider's key id", () => signedByAnotherKey(valid)],
      ["the public key used as a shared secret", () => signedAsHmac(valid, publicKey)],
    ])("401 invalid_token for %s", async (_case, forge) => {
      const forged = forge();
      expect(forged).not.toBe(valid);
      expect(await judged(forged)).toMatchObject({
        status: 401,
        challenge: expect.stringContaining(INVALID),
      });
    });

    it("401 invalid_token for an expired token, which was good before", async () => {
      provider.behaviour.access_token_ttl = 8;
      const short = await token("gateway", "--force-refresh", "--min-validity", "0");
      provider.behaviour.access_token_ttl = 3600;
      expect(await judged(short)).toMatchObject({ status: 200 });
      const over = (Number(claimsOf(short).exp) + 1.2) * 1000;
      await new Promise((resolve) => setTimeout(resolve, over - Date.now()));
      expect(await judged(short)).toMatchObject({ status: 401, challenge: expect.stringContaining(INVALID) });
    });

    it.each([
      ["another audience", "elsewhere"],
      ["another scope", "writer"],
    ])("401 insufficient_scope for a token with %s", async (_case, name) => {
      const other = await token(name);
      expect(await judged(other)).toMatchObject({
        status: 401,
        challenge: expect.stringContaining(INSUFFICIENT),
      });
    });

    it("401 insufficient_scope for an issuer that differs in its last slash", async () => {
      const other = await startApache(values({ ISSUER: `${provider.issuer}/` }), provider.ca_file);
      expect(await judged(valid, `${other.origin}/v1/models`).finally(other.stop)).toMatchObject({
        status: 401,
        challenge: expect.stringContaining(INSUFFICIENT),
      });
    });

    it("403 for another audience or scope with AuthzSendForbiddenOnFailure, 401 for the rest as before", async () => {
      const strict = await startApache(values(), provider.ca_file, "AuthzSendForbiddenOnFailure");
      try {
        const statuses = [];
        for (const credential of [
          valid,
          await token("writer"),
          await token("elsewhere"),
          "garbage",
          undefined,
        ]) {
          statuses.push((await judged(credential, `${strict.origin}/v1/models`)).status);
        }
        expect(statuses).toEqual([200, 403, 403, 401, 401]);
      } finally {
        await strict.stop();
      }
    });
  },
);

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

function withSignature(token: string, change: (signature: Buffer) => Buffer): string {
  const [header, payload, signature = ""] = token.split(".");
  return `${header}.${payload}.${change(Buffer.from(signature, "base64url")).toString("base64url")}`;
}

function flipped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => (index === 10 ? byte ^ 1 : byte)));
}

function signedByAnotherKey(token: string): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const [header, payload] = token.split(".");
  return `${header}.${payload}.${sign("sha256", Buffer.from(`${header}.${payload}`), privateKey).toString("base64url")}`;
}

/** CVE-2015-9235: a verifier that believes the header takes the key set's RSA key for an HMAC secret. */
function signedAsHmac(token: string, secret: string): string {
  const signed = `${encoded({ alg: "HS256", kid: "test", typ: "at+jwt" })}.${token.split(".")[1]}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
