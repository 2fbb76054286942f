import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { exchange } from "../../../src/http/exchange.js";
import type { Log } from "../../../src/log.js";
import { ROOT, sourceFiles } from "../../support/source-imports.js";

const log: Log = { level: "warn", error() {}, warn() {}, info() {}, debug() {} };

describe("a request and its answer", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function ask(answer: RequestListener, options: { seconds?: number; signal?: AbortSignal } = {}) {
    const listening = createServer(answer);
    server = listening;
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const url = new URL(`http://127.0.0.1:${(listening.address() as AddressInfo).port}/path?code=secret`);
    const limits = { seconds: 5, signal: new AbortController().signal, largest: 1000, ...options };
    return await exchange({ fetch, log }, url, {}, limits);
  }

  it("arrive whole, whatever the status, and a redirect is not followed", async () => {
    const { response, text } = await ask((_, response) => {
      response.writeHead(302, { location: "http://127.0.0.1:1/" }).end("gr\u00fcn");
    });
    expect(response.status).toBe(302);
    expect(text).toBe("grün");
  });

  it("are given up where the answer is larger than it may be, which is told from an empty one", async () => {
    const { text } = await ask((_, response) => void response.end("x".repeat(1001)));
    expect(text).toBeUndefined();
    expect((await ask((_, response) => void response.end())).text).toBe("");
  });

  it.each<[string, RequestListener]>([
    ["never begins", () => {}],
    ["never ends", (_, response) => void response.write("{")],
  ])("end at the time limit where the answer %s, and the query is not told", async (_name, answer) => {
    await expect(ask(answer, { seconds: 0.2 })).rejects.toMatchObject({
      kind: "temporary",
      message: expect.stringMatching(/^127\.0\.0\.1:\d+\/path did not answer within 1 s$/),
    });
  });

  it("end at once when the person gives up", async () => {
    const person = new AbortController();
    setTimeout(() => person.abort(), 50);
    await expect(ask(() => {}, { signal: person.signal })).rejects.toMatchObject({ kind: "interrupted" });
  });
});

it("no time limit is made of signals that Node 20 may collect before they fire", () => {
  const made = sourceFiles().filter(({ path }) => {
    const code = readFileSync(join(ROOT, "src", path), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    return /AbortSignal\.(?:any|timeout)\b/.test(code);
  });
  expect(made.map(({ path }) => path)).toEqual([]);
});
