import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { TokenFile } from "../support/token-file.js";

/** The grants a provider was asked for, in their order. */
const asked: (string | null)[] = [];

const answer: RequestListener = async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  response.setHeader("content-type", "application/json");
  if (request.url === "/device") {
    const verification_uri = "http://localhost/";
    const device = { device_code: "d", user_code: "u", verification_uri, expires_in: 60, interval: 1 };
    response.end(JSON.stringify(device));
    return;
  }
  asked.push(new URLSearchParams(body).get("grant_type"));
  const tokens = { access_token: `token-${asked.length}`, token_type: "bearer", expires_in: 3600 };
  response.end(JSON.stringify({ ...tokens, refresh_token: "r" }));
};

let provider: Server;
let listening: boolean;
beforeAll(async () => {
  provider = createServer(answer);
  listening = await new Promise((resolve) => {
    provider.once("error", () => resolve(false)).listen(0, "::1", () => resolve(true));
  });
});
afterAll(() => void provider.close());

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

describe("a provider at localhost whose first address, 127.0.0.1, is dead", () => {
  it("renews a session by the other one, within seconds", async ({ skip }) => {
    if (!listening) skip("this machine has no ::1");
    const base = `http://localhost:${(provider.address() as AddressInfo).port}`;
    const endpoints = { device_authorization_endpoint: `${base}/device`, token_endpoint: `${base}/token` };
    sandbox.configure({ profiles: { dev: { flow: "device_code", client_id: "c", scope: "a", endpoints } } });
    expect(await sandbox.run(["login", "--json"])).toMatchObject({ code: 0 });
    new TokenFile(sandbox).expire();
    const renewed = await sandbox.run(["get"]);
    expect(renewed).toMatchObject({ code: 0, stdout: "token-2\n", stderr: "" });
    expect(asked.at(-1)).toBe("refresh_token");
    expect(renewed.took).toBeLessThan(8000);
  });
});
