import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failurePage, successPage } from "../../../../src/oidc/callback/page.js";
import { type LoopbackServer, listenForCallback } from "../../../../src/oidc/callback/server.js";

const STATE = "the-expected-state";
let server: LoopbackServer;
let port: number;

beforeEach(async () => {
  server = await listenForCallback(new URL("http://127.0.0.1/callback"), STATE);
  port = Number(new URL(server.redirect_uri).port);
});
afterEach(() => server.close());

/** Sends raw bytes, so that nothing is tidied up on the way, and returns the answer as it came. */
function raw(request: string, host = "127.0.0.1"): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, host, () => socket.write(request));
    socket.setTimeout(5000, () => socket.destroy(new Error("no answer within 5 s")));
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    // Where the server cuts the connection while it is still sent to, the answer may be all there is.
    socket.on("error", (error) => (answer === "" ? reject(error) : resolve(answer)));
    socket.on("close", () => resolve(answer));
  });
}

const get = (target: string, host = `127.0.0.1:${port}`, more = "") =>
  raw(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`);
const REAL = `/callback?code=the-code&state=${STATE}`;

/** As a browser that follows where it is sent. */
async function follow(target: string, more = ""): Promise<string> {
  const answer = await get(target, undefined, more);
  const [, location] = /^HTTP\/1\.1 303 [\s\S]*\r\nlocation: (.+)\r\n/.exec(answer) ?? [];
  expect(location).toBe(`http://127.0.0.1:${port}/signed-in`);
  return await get(new URL(location ?? "").pathname);
}

/** The real callback, which must work whatever came before. */
async function realCallbackWorks(): Promise<void> {
  const answer = follow(REAL);
  const callback = await server.callback;
  expect(callback.url.searchParams.get("code")).toBe("the-code");
  await callback.answer(successPage("test"));
  expect(await answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*You can close this window/);
}

describe("the callback server", () => {
  it("answers the real callback with a page that loads nothing and is kept nowhere", async () => {
    const answer = follow(REAL);
    await (await server.callback).answer(successPage("test"));
    const [head = "", body = ""] = (await answer).split("\r\n\r\n");
    const headers = head.toLowerCase();
    expect(headers).toContain("content-type: text/html; charset=utf-8");
    expect(headers).toMatch(
      /content-security-policy: default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'/,
    );
    expect(headers).toContain("cache-control: no-store");
    expect(headers).toContain("referrer-policy: no-referrer");
    expect(headers).toContain("x-content-type-options: nosniff");
    expect(headers).toContain("connection: close");
    expect(body).not.toContain("the-code");
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ["a wrong state", () => get("/callback?code=x&state=wrong"), /^HTTP\/1\.1 400 /],
    ["no state", () => get("/callback?code=x"), /^HTTP\/1\.1 400 /],
    ["an error without state", () => get("/callback?error=access_denied"), /^HTTP\/1\.1 400 /],
    ["the state without code or error", () => get(`/callback?state=${STATE}`), /^HTTP\/1\.1 400 /],
    ["a wrong path", () => get(`/other?code=x&state=${STATE}`), /^HTTP\/1\.1 404 /],
    ["a path below", () => get(`/callback/x?code=x&state=${STATE}`), /^HTTP\/1\.1 404 /],
    ["the favicon", () => get("/favicon.ico"), /^HTTP\/1\.1 404 /],
    ["another origin in the target", () => get(`http://evil.example${REAL}`), /^HTTP\/1\.1 404 /],
    ["a target that is no address", () => get(`//[::${REAL}`), /^HTTP\/1\.1 404 /],
    ["a foreign Host", () => get(REAL, "evil.example"), /^HTTP\/1\.1 421 /],
    ["a foreign Host with the port", () => get(REAL, `evil.example:${port}`), /^HTTP\/1\.1 421 /],
    ["localhost, which is not the redirect", () => get(REAL, `localhost:${port}`), /^HTTP\/1\.1 421 /],
    ["no Host", () => raw(`GET ${REAL} HTTP/1.1\r\n\r\n`), /^HTTP\/1\.1 400 /],
    [
      "POST",
      () => raw(`POST ${REAL} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 0\r\n\r\n`),
      /^HTTP\/1\.1 405 [\s\S]*allow: GET/i,
    ],
    ["HEAD", () => raw(`HEAD ${REAL} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`), /^HTTP\/1\.1 405 /],
    ["OPTIONS", () => raw(`OPTIONS ${REAL} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`), /^HTTP\/1\.1 405 /],
    [
      "a 1 MB header",
      () => get(REAL, undefined, `X-Large: ${"x".repeat(1_048_576)}\r\n`),
      /^HTTP\/1\.1 431 /,
    ],
    ["a 1 MB target", () => get(`/callback?state=${"x".repeat(1_048_576)}`), /^HTTP\/1\.1 431 /],
    ["something that is not HTTP", () => raw("\u0016\u0003\u0001\u0002\u0000\r\n\r\n"), /^HTTP\/1\.1 400 /],
  ])("refuses %s, and the real callback still works", async (_name, attack, answer) => {
    expect(await attack()).toMatch(answer);
    await realCallbackWorks();
  });

  it("refuses a second hit, before and after the first is answered", async () => {
    const first = follow(REAL);
    const callback = await server.callback;
    expect(await get(REAL)).toMatch(/^HTTP\/1\.1 410 /);
    await callback.answer(successPage("test"));
    expect(await first).toMatch(/^HTTP\/1\.1 200 /);
    expect(await get(REAL)).toMatch(/^HTTP\/1\.1 410 /);
  });

  it("sends the browser on to a page whose address says nothing, and shows it once", async () => {
    expect(await get("/signed-in")).toMatch(/^HTTP\/1\.1 404 /);
    const answer = get(REAL);
    const callback = await server.callback;
    expect(await get("/signed-in")).toMatch(/^HTTP\/1\.1 404 /);
    const shown = callback.answer(successPage("test"));
    const sent = await answer;
    expect(sent).toMatch(/^HTTP\/1\.1 303 See Other\r\n/);
    expect(sent).toMatch(/content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n/);
    expect(sent).toMatch(/cache-control: no-store\r\n/);
    expect(sent).not.toContain("the-code");
    expect(await raw(`POST /signed-in HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 405 /,
    );
    expect(await get("/signed-in", "evil.example")).toMatch(/^HTTP\/1\.1 421 /);
    expect(await get("/signed-in")).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*You can close this window/);
    await shown;
    expect(await get("/signed-in")).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("goes on after two seconds where nobody comes for the page", async () => {
    const answer = get(REAL);
    const started = performance.now();
    await (await server.callback).answer(successPage("test"));
    expect(performance.now() - started).toBeGreaterThan(1900);
    expect(performance.now() - started).toBeLessThan(4000);
    expect(await answer).toMatch(/^HTTP\/1\.1 303 /);
    expect(await get("/signed-in")).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("has another address for the page where the redirect is the first", async () => {
    await server.close();
    server = await listenForCallback(new URL("http://127.0.0.1/signed-in"), STATE);
    port = Number(new URL(server.redirect_uri).port);
    const answer = get(`/signed-in?code=the-code&state=${STATE}`);
    const shown = (await server.callback).answer(successPage("test"));
    expect(await answer).toMatch(/\r\nlocation: http:\/\/127\.0\.0\.1:\d+\/done\r\n/);
    expect(await get("/done")).toMatch(/^HTTP\/1\.1 200 /);
    await shown;
  });

  it("takes the address from a person, as if the browser had come", async () => {
    expect(server.take(`http://127.0.0.1:${port}${REAL}`)).toBeUndefined();
    const callback = await server.callback;
    expect(callback.url.searchParams.get("code")).toBe("the-code");
    await callback.answer(successPage("test"));
    expect(server.take(`http://127.0.0.1:${port}${REAL}`)).toBe("this sign-in was answered already");
    expect(await get(REAL)).toMatch(/^HTTP\/1\.1 410 /);
  });

  it("takes it without the scheme, which address bars leave out, and an error as well", async () => {
    expect(server.take(`127.0.0.1:${port}/callback?error=access_denied&state=${STATE}`)).toBeUndefined();
    expect((await server.callback).url.searchParams.get("error")).toBe("access_denied");
  });

  it.each<[string, (origin: string) => string, RegExp]>([
    ["no address", () => "yes", /is not the address the browser comes back to, which begins with http:/],
    ["nothing that is one", () => "http://[", /is not the address/],
    ["another host", () => `http://localhost:9${REAL}`, /is not the address/],
    ["another port", () => `http://127.0.0.1:9${REAL}`, /is not the address/],
    ["https", (origin) => `${origin.replace("http:", "https:")}${REAL}`, /is not the address/],
    ["another path", (origin) => `${origin}/other?code=x&state=${STATE}`, /is not the address/],
    ["a foreign state", (origin) => `${origin}/callback?code=x&state=y`, /belongs to another sign-in/],
    ["half an address", (origin) => `${origin}/callback?state=${STATE}`, /neither a code nor an error/],
  ])("told %s by a person says what is wrong and goes on waiting", async (_name, pasted, told) => {
    expect(server.take(pasted(`http://127.0.0.1:${port}`))).toMatch(told);
    await realCallbackWorks();
  });

  it("does not let a connection that says nothing hold up the real callback or the end", async () => {
    const silent = connect(port, "127.0.0.1");
    await new Promise((resolve) => silent.once("connect", resolve));
    const closed = new Promise((resolve) => silent.once("close", resolve));
    await realCallbackWorks();
    const started = performance.now();
    await server.close();
    await closed;
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("takes an authorization code and cookies of 30 kB", async () => {
    const answer = follow(
      `/callback?code=${"c".repeat(15_000)}&state=${STATE}`,
      `Cookie: ${"x".repeat(15_000)}\r\n`,
    );
    await (await server.callback).answer(successPage("test"));
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("listens on loopback only", async () => {
    const { networkInterfaces } = await import("node:os");
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === "IPv4" && !address.internal);
    if (outside === undefined) return;
    await expect(raw("GET / HTTP/1.1\r\n\r\n", outside.address)).rejects.toThrow();
  });

  it("answers on ::1 too where the redirect says localhost", async () => {
    await server.close();
    server = await listenForCallback(new URL("http://localhost/callback"), STATE);
    port = Number(new URL(server.redirect_uri).port);
    expect(server.redirect_uri).toBe(`http://localhost:${port}/callback`);
    expect(await get("/callback", `localhost:${port}`)).toMatch(/^HTTP\/1\.1 400 /);
    const over6 = await raw(`GET /callback HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`, "::1").catch(
      (error) => error.code,
    );
    expect(over6 === "EADDRNOTAVAIL" || /^HTTP\/1\.1 400 /.test(over6)).toBe(true);
  });
});

describe("the page", () => {
  it("escapes what the provider said", () => {
    const { html, status } = failurePage("<b>", `refused: <script>alert("1")</script> & 'x'`);
    expect(status).toBe(400);
    expect(html).toContain("Refused: &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;.");
    expect(html).toContain("profile &lt;b&gt;");
    expect(html).not.toMatch(/<script|<b>/);
  });

  it.each([
    ["success", successPage("test")],
    ["failure", failurePage("test", "the sign-in was refused")],
  ])(
    "of a %s says that the window can be closed, has language, title and main, and loads nothing",
    (_name, { html }) => {
      expect(html).toMatch(/You can close this window/);
      expect(html).toContain('<html lang="en">');
      expect(html).toMatch(/<title>[^<]+<\/title>/);
      expect(html.match(/<main /g)).toHaveLength(1);
      expect(html.match(/<h1>/g)).toHaveLength(1);
      expect(html).toContain("prefers-color-scheme: dark");
      expect(html).not.toMatch(/https?:|url\(|src=|href=|@import| style=/);
    },
  );
});
