import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, get, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumMissing, namedForChromium, startBrowser } from "../support/browser.js";
import { Sandbox } from "../support/command.js";
import { loginEvents } from "../support/signed-in.js";

/** OIDC_TOKEN_TEST_LONG makes bodies a gibibyte and measures longer. */
const LONG = Boolean(process.env.OIDC_TOKEN_TEST_LONG);
const MEBIBYTES = LONG ? 1024 : 128;
const STREAMS = 200;
const TOKEN = "token-of-the-profile-1234567890";

let behave: (request: IncomingMessage, response: ServerResponse) => void;
const gateway = createServer((request, response) => behave(request, response));
let gateway_url: string;
let sandbox: Sandbox;
let server: ReturnType<Sandbox["start"]>;
let serving: { readonly url: string; readonly key: string };

beforeAll(async () => {
  gateway.listen(0, "127.0.0.1");
  await once(gateway, "listening");
  gateway_url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  sandbox = new Sandbox({ GATEWAY_TOKEN: TOKEN });
  const base_url = `${gateway_url}/v1`;
  sandbox.configure({
    profiles: { gw: { flow: "static_key", key: "{env:GATEWAY_TOKEN}", header: "Authorization", base_url } },
  });
  server = sandbox.start(["serve", "--json"], { limit: 600_000 });
  for await (const event of loginEvents(server)) {
    serving = event as unknown as typeof serving;
    break;
  }
});
afterAll(async () => {
  server.kill("SIGTERM");
  await server.outcome;
  gateway.closeAllConnections();
  gateway.close();
  sandbox.dispose();
});

const headers = (): Record<string, string> => ({ authorization: `Bearer ${serving.key}` });

/** Mebibytes of memory the server's process holds now, and has held at the most. */
function memory(): { readonly now: number; readonly peak: number } {
  const text = readFileSync(`/proc/${server.pid}/status`, "utf8");
  const of = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1]) / 1024;
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

/** What of an image in a page is needed here. */
interface HTMLImage {
  onload(): void;
  onerror(): void;
  src: string;
}

/** Milliseconds from sending a request to the first byte of the answer's body. */
async function firstByte(url: string, sent: Record<string, string>): Promise<number> {
  const started = performance.now();
  const asked = get(url, { headers: sent });
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const ended = once(response, "end");
  await once(response, "data");
  const took = performance.now() - started;
  response.resume();
  await ended;
  return took;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

describe("serve", () => {
  it(`carries ${STREAMS} streams at once, none of them waiting for another`, async () => {
    let open = 0;
    let most = 0;
    behave = (request, response) => {
      open += 1;
      most = Math.max(most, open);
      response.write("data: first\n\n");
      const end = (): void => {
        if (most < STREAMS) setTimeout(end, 20);
        else response.end("data: last\n\n");
      };
      end();
      request.resume();
    };
    const answers = await Promise.all(
      Array.from({ length: STREAMS }, async () =>
        (await fetch(`${serving.url}/sse`, { headers: headers() })).text(),
      ),
    );
    expect(answers.every((text) => text === "data: first\n\ndata: last\n\n")).toBe(true);
    expect(most).toBe(STREAMS);
  });

  it("brings the first byte at most 5 ms after the gateway's own, at the median", async () => {
    behave = (request, response) => {
      request.resume();
      response.end("first");
    };
    const [through, direct]: [number[], number[]] = [[], []];
    for (let run = -20; run < (LONG ? 1000 : 200); run += 1) {
      const taken = [
        await firstByte(`${serving.url}/x`, headers()),
        await firstByte(`${gateway_url}/v1/x`, {}),
      ];
      if (run < 0) continue;
      through.push(taken[0] as number);
      direct.push(taken[1] as number);
    }
    console.log(
      `first byte, median: ${median(through).toFixed(2)} ms, direct ${median(direct).toFixed(2)} ms`,
    );
    expect(median(through) - median(direct)).toBeLessThan(5);
  });

  it(`carries ${MEBIBYTES} MiB each way in bounded memory`, async () => {
    const chunk = Buffer.alloc(1024 * 1024, 7);
    const body = function* (): Generator<Buffer> {
      for (let count = 0; count < MEBIBYTES; count += 1) yield chunk;
    };
    const before = memory().now;
    behave = (request, response) => {
      let received = 0;
      request.on("data", (part: Buffer) => {
        received += part.length;
      });
      request.on("end", () => response.end(String(received)));
    };
    const { port } = new URL(serving.url);
    const upload = request({ port, path: "/v1/up", method: "POST", headers: headers() });
    Readable.from(body()).pipe(upload);
    const [answer] = (await once(upload, "response")) as [IncomingMessage];
    expect(Number(String((await once(answer, "data"))[0]))).toBe(MEBIBYTES * chunk.length);

    behave = (_request, response) => void Readable.from(body()).pipe(response);
    const down = await fetch(`${serving.url}/down`, { headers: headers() });
    let received = 0;
    for await (const part of down.body as unknown as AsyncIterable<Uint8Array>) received += part.length;
    expect(received).toBe(MEBIBYTES * chunk.length);
    const { peak } = memory();
    console.log(
      `${MEBIBYTES} MiB each way: ${before.toFixed(0)} MiB before, ${peak.toFixed(0)} MiB at the peak`,
    );
    expect(peak - before).toBeLessThan(MEBIBYTES < 200 ? 100 : 160);
  });

  it("holds the gateway back where the client does not read", async () => {
    let written = 0;
    behave = (_request, response) => {
      const chunk = Buffer.alloc(256 * 1024);
      const write = (): void => {
        while (response.write(chunk)) written += chunk.length;
        written += chunk.length;
        response.once("drain", write);
      };
      write();
    };
    const asked = get(`${serving.url}/slow`, { headers: headers() });
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.pause();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const settled = written;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(written).toBe(settled);
    expect(settled).toBeLessThan(32 * 1024 * 1024);
    asked.destroy();
  });

  it("lets no other process through without the key", async () => {
    let asked = false;
    behave = (_request, response) => {
      asked = true;
      response.end("secret");
    };
    const curl = spawn("sh", ["-c", `curl -s -o /dev/null -w '%{http_code}' ${serving.url}/x`]);
    let text = "";
    for await (const part of curl.stdout) text += part;
    expect(text).toBe("401");
    expect(asked).toBe(false);
  });
});

describe.skipIf(chromiumMissing)(namedForChromium("a page in a browser"), () => {
  it("gets nothing from serve, whatever it tries", async () => {
    const asked: string[] = [];
    behave = (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(200, { "access-control-allow-origin": "*" }).end("secret");
    };
    // A page of another origin; as localhost it stands for a name that was made to lead here.
    const site = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>evil</title>");
    });
    site.listen(0, "127.0.0.1");
    await once(site, "listening");
    const { port } = site.address() as AddressInfo;
    const browser = await startBrowser();
    try {
      const window = await browser.open("light");
      await window.page.goto(`http://localhost:${port}/`);
      const results = await window.page.evaluate(
        async ({ url, key }) => {
          const tried = async (work: () => Promise<unknown>): Promise<string> => {
            try {
              return String(await work());
            } catch (error) {
              return (error as Error).name;
            }
          };
          const socket = (address: string): Promise<string> =>
            new Promise((resolve) => {
              const opened = new WebSocket(address);
              opened.onopen = () => resolve("open");
              opened.onerror = () => resolve("error");
            });
          const body = "x";
          return {
            simple: await tried(async () => (await fetch(`${url}/get`)).text()),
            posted: await tried(
              async () => (await fetch(`${url}/post`, { method: "POST", mode: "no-cors", body })).type,
            ),
            // Even a page that knew the key.
            keyed: await tried(async () =>
              (await fetch(`${url}/key`, { headers: { authorization: `Bearer ${key}` } })).text(),
            ),
            socket: await socket(`${url.replace("http", "ws")}/socket`),
            image: await new Promise<string>((resolve) => {
              const { Image } = globalThis as unknown as { Image: new () => HTMLImage };
              const image = new Image();
              image.onload = () => resolve("loaded");
              image.onerror = () => resolve("error");
              image.src = `${url}/image`;
            }),
          };
        },
        { url: serving.url, key: serving.key },
      );
      expect(results).toEqual({
        simple: "TypeError",
        posted: "opaque",
        keyed: "TypeError",
        socket: "error",
        image: "error",
      });
      expect(asked).toEqual([]);
      await window.close();
    } finally {
      await browser.close();
      site.close();
    }
  });

  it("whose name was made to lead to this machine gets nothing, though it is of the same origin to the browser", async () => {
    const asked: string[] = [];
    behave = (request, response) => {
      asked.push(request.url ?? "");
      response.end("secret");
    };
    const { port } = new URL(serving.url);
    const { chromium } = await import("playwright-core");
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP rebound.example 127.0.0.1"],
      timeout: 60_000,
    });
    try {
      const page = await browser.newPage();
      const response = await page.goto(`http://rebound.example:${port}/v1/models`);
      expect(response?.status()).toBe(421);
      const status = await page.evaluate(
        async (key) => (await fetch("/v1/models", { headers: { authorization: `Bearer ${key}` } })).status,
        serving.key,
      );
      expect(status).toBe(421);
      expect(asked).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
