import { describe, expect, it } from "vitest";
import { benchFor } from "../../support/grants.js";
import { type Answer, answering } from "./answering.js";

const SECRET = "canary-client-secret";
const REFRESH = "canary-refresh-token";
const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOiJjYW5hcnktand0In0.Y2FuYXJ5";

async function refreshError(answer: Answer | "network error") {
  const { grants, log } = await benchFor(
    {
      client_id: "c",
      client_auth: "client_secret_post",
      endpoints: { token_endpoint: "https://provider.example/token" },
    },
    { client_secret: SECRET, context: { fetch: answering(answer) } },
  );
  const error = await grants.refresh(REFRESH).then(
    (result) => result,
    (error) => error,
  );
  return { error, log: log.join("\n") };
}

describe("what a failure says", () => {
  it.each<[string, Answer | "network error"]>([
    [
      "an error that echoes the request",
      { status: 400, body: { error: "invalid_client", error_description: `bad ${SECRET} and ${REFRESH}` } },
    ],
    ["an error that is the secret", { status: 400, body: { error: SECRET } }],
    [
      "a description with a JWT",
      { status: 400, body: { error: "invalid_scope", error_description: `got ${JWT}` } },
    ],
    [
      "an ended session that echoes the token",
      { status: 400, body: { error: "invalid_grant", error_description: `unknown token ${REFRESH}` } },
    ],
    ["a page with the secret", { status: 500, body: `<html>${SECRET} ${REFRESH}` }],
    ["a 404 with the secret", { status: 404, body: `<html>${SECRET} ${REFRESH}` }],
    ["a token that is not a bearer token", { body: { access_token: JWT, token_type: "mac" } }],
    ["an id token that is none", { body: { access_token: JWT, token_type: "bearer", id_token: SECRET } }],
    ["an id token for somebody else", { body: { access_token: JWT, token_type: "bearer", id_token: JWT } }],
    [
      "a refresh token that is a number",
      { body: { access_token: JWT, token_type: "bearer", refresh_token: 7 } },
    ],
    ["an access token that is a list", { body: { access_token: [SECRET], token_type: "bearer" } }],
    ["a network error", "network error"],
  ])("holds no secret: %s", async (_name, answer) => {
    const { error, log } = await refreshError(answer);
    const shown = `${error.message} ${error.hint} ${error.reason} ${log}`;
    expect(error.kind ?? error.outcome).toBeTruthy();
    expect(shown).not.toMatch(/canary|eyJ/);
    expect(error.kind).not.toBe("defect");
  });

  it.each<[string, Answer]>([
    [
      "a list as description (FastAPI)",
      { status: 422, body: { error: "x", error_description: [{ msg: REFRESH }] } },
    ],
    ["an object as description", { status: 400, body: { error: "x", error_description: { a: REFRESH } } }],
    ["an object as error", { status: 400, body: { error: { message: REFRESH } } }],
    ["nothing but spaces as error", { status: 400, body: { error: "\u0000 " } }],
    ["204", { status: 204, body: "" }],
    ["304", { status: 304, body: "" }],
    ["204 with a challenge", { status: 204, body: "", headers: { "www-authenticate": "Basic" } }],
    ["403 with a challenge that is none", { status: 403, body: "", headers: { "www-authenticate": ",,=" } }],
    [
      "a form of nothing",
      { status: 304, body: "", headers: { "content-type": "application/x-www-form-urlencoded" } },
    ],
  ])("is no defect of ours, nor a secret: %s", async (_name, answer) => {
    const { error, log } = await refreshError(answer);
    expect(error.kind).toMatch(/^(?:temporary|refused)$/);
    expect(`${error.message} ${error.hint} ${log}`).not.toMatch(/canary|undefined|object Object/);
  });

  it.each<[string, Answer]>([
    ["204", { status: 204, body: "" }],
    ["304", { status: 304, body: "" }],
    ["401 with a challenge", { status: 401, body: "", headers: { "www-authenticate": 'Bearer realm="x"' } }],
    [
      "a document whose issuer is no address",
      { body: { issuer: "::", token_endpoint: "https://p.example/t" } },
    ],
  ])("is no defect of ours where a discovery document is due: %s", async (_name, answer) => {
    const fetch = answering(answer, answer);
    const { grants } = await benchFor({ issuer: "https://p.example" }, { context: { fetch } });
    const error = await grants.refresh(REFRESH).catch((error) => error);
    expect(error.kind).toMatch(/^(?:temporary|refused|configuration)$/);
  });

  it("is one lowercase sentence without a full stop, and a hint", async () => {
    const { error } = await refreshError({
      status: 400,
      body: { error: "invalid_scope", error_description: "Scope is unknown.\r\n\u001b[31mAsk.\u0007" },
    });
    expect(error.message).toBe(
      "the provider does not grant this scope: invalid_scope (Scope is unknown. [31mAsk)",
    );
    expect(error.hint).toBe("check scope in profile test against what the client may ask for");
  });

  it("cuts a long description", async () => {
    const { error } = await refreshError({
      status: 400,
      body: { error: "invalid_scope", error_description: "x".repeat(100_000) },
    });
    expect(error.message.length).toBeLessThan(300);
  });

  it("names host and path and never the query", async () => {
    const { error, log } = await refreshError({ status: 503, body: "" });
    expect(error.message).toBe("provider.example/token is out of order (503)");
    expect(log).toContain('"endpoint":"provider.example/token"');
  });

  it("does not read an endless answer to its end", async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const { grants } = await benchFor(
      { endpoints: { token_endpoint: "https://provider.example/token" } },
      { context: { fetch: async () => new Response(endless) } },
    );
    await expect(grants.refresh(REFRESH)).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("more than 1 MB"),
    });
    expect(sent).toBeLessThan(2_000_000);
  });
});

describe("what a network failure says", () => {
  async function refreshOver(code: string) {
    const fetch = async () => {
      throw Object.assign(new TypeError("fetch failed"), { cause: { code } });
    };
    const { grants } = await benchFor(
      { endpoints: { token_endpoint: "https://provider.example/token" } },
      { context: { fetch } },
    );
    return await grants.refresh(REFRESH);
  }

  it.each([
    ["ERR_SSL_WRONG_VERSION_NUMBER", "does not speak TLS on this port (ERR_SSL_WRONG_VERSION_NUMBER)"],
    ["EPROTO", "does not speak TLS on this port (EPROTO)"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "has a TLS certificate for another name (ERR_TLS_CERT_ALTNAME_INVALID)"],
    [
      "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
      "broke off the TLS handshake (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)",
    ],
    ["CERT_UNTRUSTED", "has a TLS certificate that is not trusted here (CERT_UNTRUSTED)"],
  ])("%s: %s, and waiting does not mend it", async (code, message) => {
    await expect(refreshOver(code)).rejects.toMatchObject({
      kind: "configuration",
      message: `provider.example/token ${message}`,
    });
  });

  it.each([
    ["ENOTFOUND", "can't be found by name (ENOTFOUND)"],
    ["CERT_HAS_EXPIRED", "has a TLS certificate that is not valid at this time (CERT_HAS_EXPIRED)"],
    ["EAI_AGAIN", "can't be found by name (EAI_AGAIN)"],
    ["ECONNREFUSED", "refused the connection (ECONNREFUSED)"],
    ["ConnectionRefused", "refused the connection (ConnectionRefused)"],
    ["ECONNRESET", "broke off the connection (ECONNRESET)"],
    ["UND_ERR_SOCKET", "broke off the connection (UND_ERR_SOCKET)"],
    ["UND_ERR_CONNECT_TIMEOUT", "can't be reached (UND_ERR_CONNECT_TIMEOUT)"],
    ["canary secret: not a code", "can't be reached (fetch failed)"],
  ])("%s: %s", async (code, message) => {
    await expect(refreshOver(code)).rejects.toMatchObject({
      kind: "temporary",
      message: `provider.example/token ${message}`,
    });
  });
});
