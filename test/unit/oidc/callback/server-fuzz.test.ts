import { connect } from "node:net";
import { expect, it } from "vitest";
import { listenForCallback } from "../../../../src/oidc/callback/server.js";
import { Dice, fuzzCount } from "../../../support/fuzz.js";

const INPUTS = fuzzCount(3_000);
const STATE = "the-right-state_0123456789";

const METHODS = ["POST", "HEAD", "PUT", "OPTIONS", "get", "GE T", "", "TRACE", "\u0001", "PRI"];
const PATHS = [
  "/",
  "/Callback",
  "/callback/",
  "//callback",
  "/callback/../x",
  "/%63allback",
  "*",
  "",
  "/callback\u0000",
];
const STATES = [
  "",
  "x",
  STATE.slice(1),
  `${STATE}x`,
  STATE.toUpperCase(),
  "%",
  "%ff",
  "__proto__",
  "x".repeat(9_000),
];
const REST = [
  "code=c",
  "error=e",
  "code=c&error=e",
  "code",
  "",
  "code=%00",
  `code=${"c".repeat(30_000)}`,
  "iss=http://x",
];
const HOSTS = [
  "evil.example",
  "",
  "127.0.0.1",
  "localhost:PORT",
  "127.0.0.1:PORT.evil.example",
  "[::1]:PORT",
  "a\u0000b",
];
const HEADERS = [
  "Cookie: a=b",
  `Cookie: ${"a".repeat(70_000)}`,
  "Content-Length: 5",
  "Content-Length: -1",
  "Content-Length: 99999999999999999999",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: chunked\r\nContent-Length: 3",
  "Upgrade: websocket\r\nConnection: Upgrade",
  "Expect: 100-continue",
  "Host: evil.example",
  "Connection: keep-alive",
  "X: \u001b]52;c;eA==\u0007",
  ": empty",
  " folded",
  "no colon",
];

/** A request that is not the one that is waited for: right but for one part at least, and perhaps torn or followed by others. */
function wrongRequest(dice: Dice, port: number): Buffer {
  const wrong = dice.pick(["method", "path", "state", "rest", "host", "version"]);
  const or = <T>(part: string, right: T, others: readonly T[], probability: number): T =>
    part === wrong || dice.chance(probability) ? dice.pick(others) : right;
  const method = or("method", "GET", METHODS, 0.1);
  const path = or("path", "/callback", PATHS, 0.1);
  const state = or("state", STATE, STATES, 0.1);
  const rest = or("rest", "code=c", ["", "iss=x", "Code=c", "error_description=x"], 0);
  const more = dice.chance(0.2) && wrong !== "rest" ? `&${dice.pick(REST)}` : "";
  const host = or("host", `127.0.0.1:${port}`, HOSTS, 0.1).replace("PORT", String(port));
  const version = wrong === "version" ? dice.pick(["HTTP/9.9", "", "HTTP/1", "\u0000"]) : "HTTP/1.1";
  const target = dice.chance(0.1) ? `http://evil.example${path}` : path;
  const lines = [`${method} ${target}?${rest}&state=${state}${more} ${version}`, `Host: ${host}`];
  for (let count = dice.below(3); count > 0; count -= 1) lines.push(dice.pick(HEADERS));
  const text = `${lines.join("\r\n")}\r\n\r\n${dice.chance(0.1) ? "x".repeat(dice.below(200)) : ""}`;
  return Buffer.from(dice.chance(0.05) ? text.slice(0, dice.below(text.length)) : text, "latin1");
}

/** All that is answered until the connection ends; a torn request is given up at once. */
function answerTo(request: Buffer, port: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.end(request));
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.on("error", () => {});
    socket.once("close", () => resolve(answer));
    socket.setTimeout(2_000, () => socket.destroy());
  });
}

it(`${INPUTS} requests that are not the answer of the provider end nothing, get a refusal, and are not said back; the right one still counts`, async () => {
  const server = await listenForCallback(new URL("http://127.0.0.1/callback"), STATE);
  const port = Number(new URL(server.redirect_uri).port);
  let arrived = 0;
  const callback = server.callback.then((each) => {
    arrived += 1;
    return each;
  });
  try {
    const statuses: Record<string, number> = {};
    let seed = 0;
    const asking = async () => {
      while (seed < INPUTS) {
        seed += 1;
        const number = seed;
        const request = wrongRequest(new Dice(number * 104_729), port);
        const answer = (await answerTo(request, port)).replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
        const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? "none";
        statuses[status] = (statuses[status] ?? 0) + 1;
        const is_refused = /^(?:none|400|404|405|408|410|413|417|421|431|501|505)$/.test(status);
        const says_back = answer.includes(STATE) || /evil\.example|\]52;|cccc|aaaa/.test(answer);
        if (arrived > 0 || !is_refused || says_back) {
          throw new Error(
            `seed ${number}: ${JSON.stringify({ arrived, request: `${request}`.slice(0, 400), answer })}`,
          );
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, asking));
    expect(Object.keys(statuses)).toEqual(expect.arrayContaining(["400", "404", "405", "421"]));
    if (INPUTS > 50_000) console.info(JSON.stringify(statuses));
    const last = fetch(`${server.redirect_uri}?code=c&state=${STATE}`);
    const { url, answer } = await callback;
    expect(url.searchParams.get("code")).toBe("c");
    await answer({ status: 200, html: "fine", policy: "default-src 'none'" });
    expect((await last).status).toBe(200);
  } finally {
    await server.close();
  }
}, 600_000);
