import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Outcome, Sandbox } from "../support/command.js";

const KEY = "sk-key-of-the-models-test";

describe("models", () => {
  let sandbox: Sandbox;
  let server: Server;
  let base_url: string;
  let answer: { status: number; body: string; headers?: Record<string, string> };
  let seen: { url: string | undefined; authorization: string | undefined }[];

  beforeEach(async () => {
    seen = [];
    answer = { status: 200, body: '{"data":[{"id":"small"},{"id":"large","display_name":"The large one"}]}' };
    server = createServer((request, response) => {
      seen.push({ url: request.url, authorization: request.headers.authorization });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    sandbox = new Sandbox();
    configure();
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
    sandbox.dispose();
  });

  function configure(overrides: object = {}): void {
    const profile = { flow: "static_key", key: KEY, base_url, ...overrides };
    sandbox.configure({ profiles: { acme: profile } });
  }

  async function models(): Promise<Outcome & { readonly list: unknown }> {
    const outcome = await sandbox.run(["models", "--json"]);
    return { ...outcome, list: outcome.stdout === "" ? undefined : JSON.parse(outcome.stdout) };
  }

  /** Makes the cached list older than it is. */
  function age(seconds: number): void {
    const folder = join(sandbox.home, "cache", "oidc-token");
    const [file = ""] = readdirSync(folder).filter((name) => name.startsWith("models-"));
    const kept = { asked_at: Date.now() / 1000 - seconds, models: [{ id: "cached" }] };
    writeFileSync(join(folder, file), JSON.stringify(kept));
    utimesSync(join(folder, file), new Date(), new Date());
  }

  it("asks the gateway with the token and lists what it answers", async () => {
    const { code, list } = await models();
    expect(code).toBe(0);
    expect(list).toEqual([{ id: "large", name: "The large one" }, { id: "small" }]);
    expect(seen).toEqual([{ url: "/v1/models", authorization: `Bearer ${KEY}` }]);
  });

  it("shows a table to a person", async () => {
    const { stdout } = await sandbox.run(["models"]);
    expect(stdout).toMatch(/MODEL +NAME +CONTEXT +OUTPUT\nlarge +The large one +- +-\nsmall/);
  });

  it("shows nothing that a terminal would obey, whatever the gateway answers", async () => {
    const odd = "m\u001b]52;c;Y2FuYXJ5\u0007\u009b2J\r\nx\u202ey";
    answer.body = JSON.stringify({ data: [{ id: odd, name: odd }] });
    const { stdout } = await sandbox.run(["models"]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(stdout.split("\n")).toHaveLength(3);
    const json = await models();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(json.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(json.list).toEqual([{ id: odd, name: odd }]);
  });

  it("lays the profile's models over the gateway's, and adds those the gateway does not list", async () => {
    const limit = { context: 128_000, output: 8000 };
    configure({ models: { large: { limit }, hidden: { name: "Hidden" } } });
    expect((await models()).list).toEqual([
      { id: "hidden", name: "Hidden" },
      { id: "large", name: "The large one", limit },
      { id: "small" },
    ]);
  });

  it("asks once an hour", async () => {
    await models();
    await models();
    expect(seen).toHaveLength(1);
    age(3599);
    expect((await models()).list).toEqual([{ id: "cached" }]);
    expect(seen).toHaveLength(1);
    age(3601);
    expect((await models()).list).toHaveLength(2);
    expect(seen).toHaveLength(2);
  });

  it("does not believe a list from the future, nor a damaged one", async () => {
    await models();
    age(-100);
    expect((await models()).list).toHaveLength(2);
    const folder = join(sandbox.home, "cache", "oidc-token");
    const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
    expect(files).not.toEqual([]);
    for (const name of files) writeFileSync(join(folder, name), "{");
    expect((await models()).list).toHaveLength(2);
  });

  it("does not show one address's models for another", async () => {
    await models();
    configure({ base_url: `${base_url}/other` });
    await models();
    expect(seen.map(({ url }) => url)).toEqual(["/v1/models", "/v1/other/models"]);
  });

  it.each([
    ["is away", () => server.close()],
    ["is in trouble", () => Object.assign(answer, { status: 503 })],
    ["refuses", () => Object.assign(answer, { status: 401 })],
    ["answers something else", () => Object.assign(answer, { body: "<html>" })],
  ])("serves an old list when the gateway %s, and says so", async (_what, trouble) => {
    await models();
    age(7200);
    trouble();
    server.closeAllConnections();
    const { code, list, stderr } = await models();
    expect(code).toBe(0);
    expect(list).toEqual([{ id: "cached" }]);
    expect(stderr).toMatch(/^oidc-token: .*; showing what is known\n$/);
    expect(stderr).not.toContain(KEY);
  });

  it.each([
    [503, "", 5, "/v1/models is out of order (503)"],
    [429, "", 5, "/v1/models takes no more requests for now (429)"],
    [403, "", 7, "does not let this user see its models"],
    [404, "", 4, "has no list of models at /v1/models (answer 404)"],
    [302, "", 4, "has no list of models at /v1/models (answer 302)"],
    [200, "<html>", 4, "is not a list of models"],
    [200, "null", 4, "is not a list of models"],
    [200, '{"data":{}}', 4, "is not a list of models"],
    [401, "", 7, "refused the key"],
  ])("without a list, answer %i %s ends with exit code %i", async (status, body, exit, sentence) => {
    answer = { status, body, headers: { location: "http://127.0.0.1:1/" } };
    const { code, stdout, stderr } = await models();
    expect(code).toBe(exit);
    expect(stdout).toBe("");
    expect(stderr).toContain(sentence);
    expect(stderr).toContain("oidc-token: hint: ");
  });

  it("skips entries that are no models", async () => {
    answer.body = '[null,1,{"id":""},{"id":7},{"id":"real","name":3}]';
    expect((await models()).list).toEqual([{ id: "real" }]);
  });

  it("refuses an answer that never ends", async () => {
    answer.body = `[{"id":"${"x".repeat(5_000_000)}"}]`;
    const { code, stderr } = await models();
    expect(code).toBe(4);
    expect(stderr).toContain("is not a list of models");
  });

  it("never sends the token to an address that the profile does not allow", async () => {
    configure({ allowed_origins: ["https://llm.example.test"] });
    const { code, stderr } = await models();
    expect(code).toBe(4);
    expect(stderr).toContain('does not list the origin of its own "base_url" in "allowed_origins"');
    expect(seen).toEqual([]);
  });

  it("without base_url says what to write", async () => {
    configure({ base_url: undefined });
    const { code, stderr } = await models();
    expect(code).toBe(4);
    expect(stderr).toContain("has no base_url");
  });

  it("signed out ends with exit code 3 and the command to run", async () => {
    configure({ key: "{keyring}" });
    const { code, stderr } = await models();
    expect(code).toBe(3);
    expect(stderr).toContain("oidc-token login --profile acme");
    expect(seen).toEqual([]);
  });
});
