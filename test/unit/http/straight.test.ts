import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { text } from "node:stream/consumers";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { NEXT_ADDRESS, straightFetch } from "../../../src/http/straight.js";
import { networkCode } from "../../../src/http/trouble.js";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

/** Serves on one loopback address; answers the port, or undefined where this machine has no such address. */
async function serve(answer: RequestListener, host = "127.0.0.1"): Promise<number | undefined> {
  const server = createServer(answer);
  servers.push(server);
  const listening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false)).listen(0, host, () => resolve(true));
  });
  server.unref();
  return listening ? (server.address() as AddressInfo).port : undefined;
}

const fetch = straightFetch();

describe("a request", () => {
  it("sends method, headers and a form, and no header that a provider could take offence at", async () => {
    const port = await serve(async (request, response) => {
      const { method, url, headers } = request;
      response.end(JSON.stringify({ method, url, headers, body: await text(request) }));
    });
    const response = await fetch(new URL(`http://127.0.0.1:${port}/token?a=b`), {
      method: "POST",
      headers: new Headers({ authorization: "Basic eDp5" }),
      body: new URLSearchParams({ grant_type: "refresh_token", scope: "a b" }),
    });
    expect(await response.json()).toEqual({
      method: "POST",
      url: "/token?a=b",
      headers: {
        accept: "*/*",
        "accept-encoding": "identity",
        authorization: "Basic eDp5",
        connection: "keep-alive",
        "content-length": "34",
        "content-type": "application/x-www-form-urlencoded;charset=UTF-8",
        host: `127.0.0.1:${port}`,
      },
      body: "grant_type=refresh_token&scope=a+b",
    });
  });

  it("without a body says that it has none, and its answer may have none either", async () => {
    const port = await serve((request, response) => {
      response.setHeader("x-length", request.headers["content-length"] ?? "none");
      response.writeHead(204).end();
    });
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST" });
    expect([response.status, response.ok, response.headers.get("X-Length")]).toEqual([204, true, "0"]);
    expect(await response.text()).toBe("");
  });
});

describe("an answer", () => {
  it("that leads elsewhere is not followed", async () => {
    const port = await serve((_, response) => response.writeHead(302, { location: "/else" }).end("there"));
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect([response.status, response.ok, response.headers.get("location")]).toEqual([302, false, "/else"]);
  });

  it.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["br", brotliCompressSync],
  ] as const)("packed by %s, unasked, is unpacked", async (encoding, pack) => {
    const port = await serve((_, response) =>
      response.writeHead(200, { "content-encoding": encoding }).end(pack("hello ✓")),
    );
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("hello ✓");
  });

  it("packed wrongly fails, and does not end the process", async () => {
    const port = await serve((_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end("no gzip"),
    );
    await expect((await fetch(`http://127.0.0.1:${port}/`)).text()).rejects.toThrow();
  });

  it("that breaks off is an error with the code of a broken connection", async () => {
    const port = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setTimeout(() => response.destroy(), 20);
    });
    const failure = (await fetch(`http://127.0.0.1:${port}/`)).text();
    expect(networkCode(await failure.catch((error: unknown) => error))).toBe("ECONNRESET");
  });

  it("that never comes ends with the signal", async () => {
    const port = await serve(() => {});
    const signal = AbortSignal.timeout(50);
    await expect(fetch(`http://127.0.0.1:${port}/`, { signal })).rejects.toThrow();
  });

  it("of which the rest never comes ends with the signal", async () => {
    const port = await serve((_, response) => void response.writeHead(200).write("half"));
    const stop = new AbortController();
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(response.text()).rejects.toThrow();
  });
});

describe("localhost", () => {
  it("costs less than 300 ms where its first address is dead", () => {
    expect(NEXT_ADDRESS).toBeLessThan(300);
  });

  it("is reached on ::1 where 127.0.0.1 refuses, under its own name", async ({ skip }) => {
    const port = await serve((request, response) => response.end(request.headers.host), "::1");
    if (port === undefined) skip("this machine has no ::1");
    expect(await (await fetch(`http://localhost:${port}/`)).text()).toBe(`localhost:${port}`);
  });

  it("is reached on 127.0.0.1 where nobody listens on ::1", async () => {
    const port = await serve((_, response) => response.end("here"));
    expect(await (await fetch(`http://localhost:${port}/`)).text()).toBe("here");
  });

  it.skipIf(process.platform !== "linux")(
    "is reached on ::1 soon where 127.0.0.1 does not answer at all",
    async ({ skip }) => {
      const port = await serve((_, response) => response.end("six"), "::1");
      if (port === undefined) skip("this machine has no ::1");
      // A stopped process whose queue is full: the kernel drops whoever knocks next.
      const listen = `require("net").createServer().listen({port:${port},host:"127.0.0.1",backlog:1},()=>console.log())`;
      const stopped = spawn(process.execPath, ["-e", listen], { stdio: ["ignore", "pipe", "inherit"] });
      try {
        await once(stopped.stdout, "data");
        stopped.kill("SIGSTOP");
        const waiting = Array.from({ length: 3 }, () =>
          connect(port ?? 0, "127.0.0.1").on("error", () => {}),
        );
        await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, "connect")));
        const started = performance.now();
        expect(await (await fetch(`http://localhost:${port}/`)).text()).toBe("six");
        // The kernel itself would try for two minutes.
        expect(performance.now() - started).toBeLessThan(5000);
        for (const socket of waiting) socket.destroy();
      } finally {
        stopped.kill("SIGKILL");
      }
    },
  );

  it("that refuses on both is told by the code of a refusal", async () => {
    const server = createTcpServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error = await fetch(`http://localhost:${port}/`).catch((thrown: unknown) => thrown);
    expect(networkCode(error)).toBe("ECONNREFUSED");
  });
});
