import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { Sandbox } from "../support/command.js";
import { type Gateway, startGateway } from "../support/gateway.js";

const GOOD = "sk-good-12345678";
const OTHER = "sk-other-8765432";

let gateway: Gateway;
let sandbox: Sandbox;

beforeEach(async () => {
  gateway = await startGateway({ keys: [GOOD], header: "x-api-key" });
  sandbox = new Sandbox();
  configure(gateway.url);
});
afterEach(async () => {
  sandbox.dispose();
  await gateway.stop();
});

function configure(base_url?: string): void {
  const own = { flow: "static_key", key: "{keyring}", header: "x-api-key", base_url };
  sandbox.configure({ profiles: { own } });
}

const login = (key: string, ...args: string[]) => sandbox.run(["login", ...args], { input: `${key}\n` });
const get = () => sandbox.run(["get"]);

describe.sequential("a static key at login", () => {
  it("is tried at the gateway in the profile's own header, and kept once that takes it", async () => {
    expect(await login(GOOD)).toMatchObject({ code: 0, stdout: "" });
    expect(gateway.requests).toMatchObject([{ method: "GET", path: "/v1/models", credential: GOOD }]);
    expect(await get()).toMatchObject({ code: 0, stdout: `${GOOD}\n` });
  });

  it("is not kept where the gateway refuses it, and the one before stays", async () => {
    const refused = await login(OTHER);
    expect(refused).toMatchObject({ code: 7, stdout: "" });
    expect(refused.stderr).toBe(
      `oidc-token: ${new URL(gateway.url).host} refuses this key (401), so it was not kept\n` +
        'oidc-token: hint: give it a valid one: oidc-token login --profile own; or check "base_url" and "header" in the profile\n',
    );
    expect(await get()).toMatchObject({ code: 3, stdout: "" });
    await login(GOOD);
    expect(await login(OTHER)).toMatchObject({ code: 7 });
    expect(await get()).toMatchObject({ code: 0, stdout: `${GOOD}\n` });
  });

  it("is told as refused to a program, too", async () => {
    const { code, stdout } = await login(OTHER, "--json");
    expect(code).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({ event: "error", code: 7 });
  });

  it("is kept with one warning where the gateway cannot be reached", async () => {
    await gateway.pause();
    const outcome = await login(OTHER);
    expect(outcome).toMatchObject({ code: 0, stdout: "" });
    expect(outcome.stderr.match(/kept untested/g)).toHaveLength(1);
    expect(outcome.stderr).toMatch(/refused the connection \(\w+\), so the key is kept untested/);
    expect(await get()).toMatchObject({ code: 0, stdout: `${OTHER}\n` });
  });

  it.each([
    [404, 0],
    [302, 0],
    [500, 0],
    [403, 7],
  ])("after the answer %i ends with %i, and follows it nowhere", async (status, code) => {
    const asked: string[] = [];
    const server = createServer(({ url = "" }, response) => {
      asked.push(url);
      response.writeHead(status, { location: "/elsewhere" }).end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    configure(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await login(GOOD)).toMatchObject({ code });
    expect(asked).toEqual(["/models"]);
    expect(await get()).toMatchObject(code === 0 ? { stdout: `${GOOD}\n` } : { code: 3 });
  });

  it("is kept as it is where the profile names no address", async () => {
    configure();
    const outcome = await login(OTHER);
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stderr).not.toContain("untested");
    expect(gateway.requests).toEqual([]);
  });
});

describe.sequential("logout of a static key", () => {
  beforeEach(async () => {
    await login(GOOD);
  });

  it.each([[[]], [["--local"]]])("%j keeps the key, and says so", async (args) => {
    expect(await sandbox.run(["logout", ...args])).toMatchObject({
      code: 0,
      stdout: "",
      stderr:
        "oidc-token: the key of own stays, since it has no session that could end; --forget-secret takes it, too\n",
    });
    expect(await get()).toMatchObject({ code: 0, stdout: `${GOOD}\n` });
  });

  it.each([["--forget-secret"], ["--all"]])("%s takes it, too", async (option) => {
    expect(await sandbox.run(["logout", option])).toMatchObject({
      code: 0,
      stderr: "oidc-token: forgot the key of own\n",
    });
    expect(await get()).toMatchObject({ code: 3, stdout: "" });
    expect(await sandbox.run(["logout"])).toMatchObject({ stderr: "oidc-token: no key of own was kept\n" });
  });
});
