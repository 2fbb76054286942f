import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";

const KEY = "sk-12345678";
const server = createServer((_request, response) => {
  response.end(JSON.stringify({ data: [{ id: "one-model" }] }));
});

let sandbox: Sandbox;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  sandbox = new Sandbox({ LLM_API_KEY: KEY });
  sandbox.configure({ profiles: { ci: { flow: "static_key", key: "{env:LLM_API_KEY}", base_url } } });
  writeFileSync(join(sandbox.home, "file"), "");
  mkdirSync(join(sandbox.home, "closed"), { mode: 0o500 });
});
afterAll(() => {
  server.close();
  sandbox.dispose();
});

const LIMIT = 5_000;
/** A place where a folder can't be made: one whose file system says ENOENT, one below a file, one that is closed. */
const PLACES: readonly (readonly [string, () => string])[] = [
  ["below /proc", () => "/proc/x"],
  ["below a file", () => join(sandbox.home, "file", "x")],
  ["in a folder that is closed", () => join(sandbox.home, "closed", "x")],
];

describe.each(PLACES)("a folder %s costs nobody the token:", (_where, place) => {
  it.each(["XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"])("%s", async (name) => {
    const env = { [name]: place() };
    for (const args of [["get"], ["get", "--log-level", "debug"]]) {
      const outcome = await sandbox.run(args, { env, limit: LIMIT });
      expect(outcome).toMatchObject({ code: 0, stdout: `${KEY}\n`, stderr: "" });
    }
  });

  it("nor the sentence, where there is something for the log", async () => {
    const env = { XDG_STATE_HOME: place() };
    expectFailure(await sandbox.run(["get", "-p", "nope"], { env, limit: LIMIT }), 4);
  });

  it("nor the models, whose cache it is", async () => {
    const env = { XDG_CACHE_HOME: place(), XDG_STATE_HOME: place() };
    const outcome = await sandbox.run(["models", "--json"], { env, limit: LIMIT });
    expect(outcome).toMatchObject({ code: 0, stdout: '[{"id":"one-model"}]\n' });
  });
});

it.skipIf(process.platform === "win32")("a folder that is made can be used, whatever the umask", async () => {
  const own = new Sandbox();
  try {
    own.configure({ profiles: { own: { flow: "static_key", key: "{keyring}" } } });
    const through = ["sh", "-c", 'umask 0177; exec "$0" "$@"'];
    const login = await own.run(["login"], { input: "a-key-of-mine\n", through });
    expect(login).toMatchObject({ code: 0 });
    for (const folder of ["data", "data/oidc-token", "data/oidc-token/tokens"])
      expect(statSync(join(own.home, folder)).mode & 0o777).toBe(0o700);
  } finally {
    own.dispose();
  }
});

describe.skipIf(process.platform !== "linux")("a data folder below /proc", () => {
  const env = { XDG_DATA_HOME: "/proc/x" };

  it("is named by config schema --path: exit 4", async () => {
    const outcome = await sandbox.run(["config", "schema", "--path"], { env, limit: LIMIT });
    const { message, hint } = expectFailure(outcome, 4);
    expect(message).toMatch(/^cannot write \/proc\/x\/oidc-token\/config\.schema\.json: /);
    expect(hint).toContain("oidc-token config schema");
  });

  it("is named where a token is to be kept in it: exit 6", async () => {
    sandbox.configure({ profiles: { own: { flow: "static_key", key: "{keyring}" } } });
    const outcome = await sandbox.run(["login"], { env, input: "a-key-of-mine\n", limit: LIMIT });
    expect(expectFailure(outcome, 6).message).toContain("/proc/x/oidc-token/tokens");
  });
});
