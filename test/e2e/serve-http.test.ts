import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";

const TOKEN = "the-token-of-the-profile";

let sandbox: Sandbox;
let running: ReturnType<Sandbox["start"]>;
let service: Server;
let serving: URL;
let key: string;
/** The requests that came through, as they came. */
let came: string[];
/** What the service says to each. */
let answers: (request: string) => string;

beforeAll(async () => {
  service = createServer((socket) => {
    socket.on("error", () => {}).setEncoding("latin1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
      const whole = /^[\s\S]*?\r\n\r\n/.exec(text)?.[0];
      const length = Number(/^content-length: (\d+)/im.exec(whole ?? "")?.[1] ?? 0);
      if (whole === undefined || text.length < whole.length + length) return;
      came.push(text);
      socket.write(answers(text), "latin1");
      text = "";
    });
  });
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  sandbox = new Sandbox();
  const base_url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/v1`;
  sandbox.configure({ profiles: { dev: { flow: "static_key", key: TOKEN, base_url } } });
  running = sandbox.start(["serve", "--json"], { limit: 60_000 });
  const [line] = await once(running.stdout as NodeJS.ReadableStream, "data");
  const event = JSON.parse(String(line)) as { url: string; key: string };
  serving = new URL(event.url);
  key = event.key;
});
afterAll(async () => {
  running.kill("SIGTERM");
  await running.outcome;
  sandbox.dispose();
  service.close();
});
beforeEach(() => {
  came = [];
  answers = () => "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";
});

/** What comes back, to the letter, until it ends in `end` or the connection does. */
async function say(lines: readonly string[], { body = "", end = "fine" } = {}): Promise<string> {
  const socket = connect(Number(serving.port), "127.0.0.1").setEncoding("latin1");
  const all = [...lines, `Authorization: Bearer ${key}`, ...(body && [`Content-Length: ${body.length}`])];
  socket.write(`${all.join("\r\n")}\r\n\r\n${body}`, "latin1");
  let text = "";
  for await (const chunk of socket) {
    text += chunk;
    if (text.endsWith(end)) break;
  }
  socket.destroy();
  return text;
}

describe("serve, by the letter of HTTP,", () => {
  it("passes no TRACE on: its answer would be the request with the token", async () => {
    answers = (request) => `HTTP/1.1 200 OK\r\nContent-Length: ${request.length}\r\n\r\n${request}`;
    const answer = await say(["TRACE /v1/x HTTP/1.1", `Host: ${serving.host}`]);
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).not.toContain(TOKEN);
    expect(came).toEqual([]);
  });

  it.each([["before"], ["after"]])("takes no second Host %s its own", async (where) => {
    const hosts = [`Host: ${serving.host}`, "Host: evil.example"];
    const answer = await say(["GET /v1/x HTTP/1.1", ...(where === "after" ? hosts : hosts.reverse())]);
    expect(answer).toMatch(/^HTTP\/1\.1 4(00|21) /);
    expect(came).toEqual([]);
  });

  it.each(["GET", "POST"])(
    "answers a %s that would rather speak HTTP/2 as if it had not said so",
    async (method) => {
      // As Java's HttpClient begins every connection (RFC 7540 §3.2; RFC 9110 §7.8 lets a server ignore it).
      const upgrade = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ"];
      const body = method === "POST" ? "question" : "";
      const answer = await say([`${method} /v1/x HTTP/1.1`, `Host: ${serving.host}`, ...upgrade], { body });
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nfine$/);
      expect(came).toEqual([expect.stringMatching(new RegExp(`^${method} /v1/x HTTP/1\\.1\r\n`))]);
      expect(came[0]).toContain(`Authorization: Bearer ${TOKEN}`);
      expect(came[0]).not.toMatch(/h2c|http2-settings/i);
      expect(came[0]?.endsWith(`\r\n\r\n${body}`)).toBe(true);
    },
  );

  it("leaves the bytes of headers as they are", async () => {
    answers = () => "HTTP/1.1 200 OK\r\nX-Name: caf\xc3\xa9\r\nContent-Length: 4\r\n\r\nfine";
    const answer = await say(["GET /v1/x HTTP/1.1", `Host: ${serving.host}`, "X-Name: caf\xc3\xa9"]);
    expect(answer).toContain("X-Name: caf\xc3\xa9\r\n");
    expect(came[0]).toContain("X-Name: caf\xc3\xa9\r\n");
  });

  it.each([
    ["a length and chunks", ["Content-Length: 5", "Transfer-Encoding: chunked"]],
    ["two lengths", ["Content-Length: 5", "Content-Length: 6"]],
    ["another encoding than chunks", ["Transfer-Encoding: identity", "Content-Length: 5"]],
    ["a blank before a colon", ["Content-Length : 5"]],
    ["a header on two lines", ["X-Folded: a", " b"]],
  ])("takes no request with %s", async (_what, lines) => {
    const answer = await say(["POST /v1/x HTTP/1.1", `Host: ${serving.host}`, ...lines]);
    expect(answer).toMatch(/^HTTP\/1\.1 (400|502) /);
    expect(came).toEqual([]);
  });
});
