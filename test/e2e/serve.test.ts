import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, loginEvents, signIn } from "../support/signed-in.js";
import { TokenFile } from "../support/token-file.js";

interface ServingEvent {
  readonly url: string;
  readonly key: string;
  readonly base_url: string;
  readonly profile: string;
}

let provider: TestProvider;
let sandbox: Sandbox;
let file: TokenFile;
let gateway: Server;
let gateway_port: number;
let serving: ServingEvent;
let server: ReturnType<Sandbox["start"]>;
/** What the service does with a request; each test says. */
let behave: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  provider = await startProvider();
  gateway = createServer((request, response) => behave(request, response));
  gateway_port = await listen(gateway);
  sandbox = new Sandbox();
  file = new TokenFile(sandbox);
  const base_url = `http://127.0.0.1:${gateway_port}/v1`;
  sandbox.configure({ profiles: { dev: browserProfile(provider, { base_url }) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
  server = sandbox.start(["serve", "--json"], { limit: 60_000 });
  for await (const event of loginEvents(server as unknown as ChildProcess)) {
    serving = event as unknown as ServingEvent;
    break;
  }
});
afterAll(async () => {
  server.kill("SIGTERM");
  const outcome = await server.outcome;
  gateway.closeAllConnections();
  gateway.close();
  sandbox.dispose();
  await provider.stop();
  expect(outcome).toMatchObject({ code: 130, stderr: "" });
});
beforeEach(() => {
  behave = (request, response) => {
    void textOf(request).then((body) => response.end(JSON.stringify({ ...seen(request), body })));
  };
});

function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function seen({ method, url, headers }: IncomingMessage): object {
  return { method, url, headers };
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
}

/** A request as a client makes it, with the key. */
const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${new URL(serving.url).origin}${path}`, {
    redirect: "manual",
    ...init,
    headers: { authorization: `Bearer ${serving.key}`, ...init.headers },
  });

const refreshes = (): number => provider.counts["granted refresh_token"] ?? 0;

/** Answers 401 to the tokens it has been told to refuse. */
function refusing(refused: ReadonlySet<string>): typeof behave {
  return (request, response) => {
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    void textOf(request).then((body) => {
      if (refused.has(token)) response.writeHead(401).end("refused");
      else response.end(body || "fine");
    });
  };
}

describe("serve says where it is", () => {
  it("in one line of JSON, with an address below base_url's path and a key", () => {
    expect(serving).toEqual({
      event: "serving",
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1$/),
      key: expect.stringMatching(/^[\w-]{43}$/),
      base_url: `http://127.0.0.1:${gateway_port}/v1`,
      profile: "dev",
    });
  });

  it("and fails where the port is taken", async () => {
    const outcome = await sandbox.run(["serve", "--port", new URL(serving.url).port]);
    expect(outcome).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("another program has it"),
    });
  });
});

describe("a request with the key", () => {
  it("goes on with the token in place of the client's credentials", async () => {
    const response = await ask("/v1/chat?x=1", {
      method: "POST",
      body: "hello",
      headers: { cookie: "a=b", "x-api-key": "other", "x-mine": "1" },
    });
    const { method, url, headers, body } = (await response.json()) as Record<string, never>;
    expect([method, url, body]).toEqual(["POST", "/v1/chat?x=1", "hello"]);
    expect(headers).toMatchObject({ authorization: `Bearer ${file.tokens.access_token}`, "x-mine": "1" });
    expect(headers).not.toHaveProperty("cookie");
    expect(headers).not.toHaveProperty("x-api-key");
    expect(headers).toHaveProperty("host", `127.0.0.1:${gateway_port}`);
  });

  it("gets the answer's status and headers, but no cookies, permissions for pages, or token", async () => {
    behave = (request, response) => {
      response.writeHead(418, {
        "access-control-allow-origin": "*",
        "set-cookie": "a=b",
        "x-echo": `${request.headers.authorization}`,
        "x-fine": "1",
      });
      response.end("short");
    };
    const response = await ask("/v1/x");
    expect([response.status, await response.text(), response.headers.get("x-fine")]).toEqual([
      418,
      "short",
      "1",
    ]);
    for (const name of ["access-control-allow-origin", "set-cookie", "x-echo"]) {
      expect(response.headers.get(name)).toBeNull();
    }
  });

  it("is streamed both ways: each part arrives before the next is sent", async () => {
    behave = (request, response) => void request.pipe(response);
    const { port } = new URL(serving.url);
    const client = request({ port, path: "/v1/echo", method: "POST", headers: { "x-api-key": serving.key } });
    client.write("one ");
    const [response] = (await once(client, "response")) as [IncomingMessage];
    const parts: string[] = [];
    for await (const part of response) {
      parts.push(String(part));
      if (parts.length < 4) client.write("more ");
      else client.end();
      if (parts.length > 4) break;
    }
    expect(parts).toEqual(["one ", "more ", "more ", "more "]);
  });

  it("that the client gives up is given up at the service", async () => {
    const closed = new Promise<void>((resolve) => {
      behave = (_request, response) => {
        response.write("data: 1\n\n");
        response.once("close", resolve);
      };
    });
    const abort = new AbortController();
    const response = await ask("/v1/sse", { signal: abort.signal });
    await response.body?.getReader().read();
    abort.abort();
    await closed;
  });

  it("whose answer breaks off breaks off for the client, and does not look complete", async () => {
    behave = (_request, response) => {
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    };
    const response = await ask("/v1/x");
    await expect(response.text()).rejects.toThrow();
  });

  it("follows no redirect: one to the service leads back here, another is the client's to judge", async () => {
    const locations = [`http://127.0.0.1:${gateway_port}/v1/there`, "https://evil.example/v1"];
    for (const location of locations) {
      behave = (_request, response) => response.writeHead(307, { location }).end();
      const response = await ask("/v1/x");
      expect(response.status).toBe(307);
      expect(response.headers.get("location")).toBe(
        location.startsWith("https:") ? location : `${serving.url}/there`,
      );
    }
  });
});

describe("a token that the service refuses", () => {
  it("is replaced once for many requests at once, and each is repeated with its body", async () => {
    const before = refreshes();
    const refused = new Set([file.tokens.access_token]);
    behave = refusing(refused);
    const bodies = Array.from({ length: 50 }, (_, index) => `body ${index}`);
    const answers = await Promise.all(
      bodies.map(async (body) => await (await ask("/v1/x", { method: "POST", body })).text()),
    );
    expect(answers).toEqual(bodies);
    expect(refreshes()).toBe(before + 1);
    expect(refused.has(file.tokens.access_token)).toBe(false);
  });

  it("is not renewed again and again where none is accepted", async () => {
    const before = refreshes();
    behave = (_request, response) => response.writeHead(401).end("never");
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask("/v1/x")));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(401));
    expect(refreshes() - before).toBeLessThanOrEqual(1);
  });
});

it("a service that is away and comes back is told of, and asked again", async () => {
  gateway.closeAllConnections();
  await new Promise((resolve) => gateway.close(resolve));
  const away = await ask("/v1/x");
  expect(away.status).toBe(502);
  expect(await away.json()).toEqual({
    error: { type: "oidc_token", message: expect.stringContaining("refused the connection") },
  });
  await listen(gateway, gateway_port);
  expect((await ask("/v1/x")).status).toBe(200);
});

describe("a WebSocket", () => {
  /** A service that sends back what it is sent, once it has let the client through. */
  function echoing(lets: (token: string) => boolean): void {
    gateway.removeAllListeners("upgrade");
    gateway.on("upgrade", (request, socket) => {
      const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
      socket.on("error", () => {});
      if (!lets(token)) socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
      else {
        const accept = request.headers["sec-websocket-key"];
        socket.write(
          `HTTP/1.1 101 Yes\r\nconnection: upgrade\r\nupgrade: websocket\r\nx-key: ${accept}\r\n\r\n`,
        );
        socket.pipe(socket);
      }
    });
  }

  async function open(
    headers: Record<string, string>,
    path = "/v1/live",
  ): Promise<{ head: string; send(text: string): Promise<string> }> {
    const { port, host } = new URL(serving.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {});
    const all = { host, connection: "Upgrade", upgrade: "websocket", "sec-websocket-key": "abc", ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
    const read = async (): Promise<string> => String((await once(socket, "data"))[0]);
    const head = await read();
    return {
      head,
      send: async (text) => {
        const answer = read();
        socket.write(text);
        const echoed = await answer;
        socket.destroy();
        return echoed;
      },
    };
  }

  it("goes through with the token, both ways", async () => {
    echoing((token) => token === file.tokens.access_token);
    const socket = await open({ authorization: `Bearer ${serving.key}` });
    expect(socket.head).toMatch(/^HTTP\/1\.1 101 [\s\S]*x-key: abc/);
    expect(await socket.send("frame")).toBe("frame");
  });

  it("that the service refuses is refused", async () => {
    echoing(() => false);
    expect((await open({ authorization: `Bearer ${serving.key}` })).head).toMatch(/^HTTP\/1\.1 401 /);
  });

  it.each<[string, Record<string, string>, number, string?]>([
    ["without the key", {}, 401],
    ["of a web page", { origin: "https://evil.example", authorization: "Bearer x" }, 403],
    ["for another host", { host: "evil.example" }, 421],
  ])("%s is refused", async (_what, headers, status) => {
    let asked = false;
    echoing(() => {
      asked = true;
      return true;
    });
    expect((await open(headers)).head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(asked).toBe(false);
  });
});

it("nothing it prints or logs holds the token", async () => {
  behave = (_request, response) => response.destroy();
  const { status } = await ask("/v1/x");
  expect(status).toBe(502);
  const grep = spawn("grep", ["-r", file.tokens.access_token, sandbox.home, "--include=*.log"]);
  expect(await once(grep, "close")).toEqual([1, null]);
});
