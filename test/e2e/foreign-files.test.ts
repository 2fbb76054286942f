import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { version } from "../../package.json";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";

const KEY = "sk-12345678";
/** Milliseconds; a call that reads what never ends does not come back at all. */
const LIMIT = 6_000;
const STRANGER = 4_242;

const server = createServer((_request, response) => {
  response.end(JSON.stringify({ data: [{ id: "one-model" }] }));
});
let sandbox: Sandbox;
let base_url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  server.close();
  sandbox?.dispose();
});
beforeEach(() => {
  sandbox?.dispose();
  sandbox = new Sandbox({ LLM_API_KEY: KEY, OTHER_SECRET: "sk-of-another" });
  sandbox.configure({ profiles: { ci: { flow: "static_key", key: "{env:LLM_API_KEY}", base_url } } });
});

const cache = () => join(sandbox.home, "cache", "oidc-token");
const snapshotFile = () => join(cache(), "get.json");
const get = (args: readonly string[] = []) => sandbox.run(["get", ...args], { limit: LIMIT });
const served = { code: 0, stdout: `${KEY}\n`, stderr: "" };

type Call = Record<string, unknown>;
/** Leaves a snapshot of `get` whose every call is changed, as somebody might who can write there. */
async function forge(change: (call: Call) => Call, args: readonly string[] = []): Promise<void> {
  // What was written a moment ago is not believed.
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(await get(args)).toMatchObject(served);
  const { entries } = JSON.parse(readFileSync(snapshotFile(), "utf8"));
  const forged = Object.fromEntries(
    Object.entries(entries).map(([key, call]) => [key, change(call as Call)]),
  );
  writeFileSync(snapshotFile(), JSON.stringify({ version, entries: forged }));
}
const toOther = (call: Call): Call => ({ ...call, key: { from: "env", name: "OTHER_SECRET" } });

describe("a snapshot in the cache folder", () => {
  it("is what the next call goes by, where it is this user's own", async () => {
    await forge(toOther);
    expect(await get()).toMatchObject({ code: 0, stdout: "sk-of-another\n" });
  });

  it.each<[string, () => void]>([
    ["that others may write to", () => chmodSync(snapshotFile(), 0o622)],
    ["that others may read", () => chmodSync(snapshotFile(), 0o644)],
    [
      "that is a link",
      () => {
        renameSync(snapshotFile(), join(sandbox.home, "elsewhere"));
        symlinkSync(join(sandbox.home, "elsewhere"), snapshotFile());
      },
    ],
    ["that has a second name", () => linkSync(snapshotFile(), join(sandbox.home, "second"))],
  ])("%s is not believed", async (_what, arrange) => {
    await forge(toOther);
    arrange();
    expect(await get()).toMatchObject(served);
  });

  it.skipIf(process.getuid?.() !== 0)("of another user is not believed", async () => {
    await forge(toOther);
    chownSync(snapshotFile(), STRANGER, STRANGER);
    expect(await get()).toMatchObject(served);
  });

  it("that depends on no file is not believed: it would be true for ever", async () => {
    await forge((call) => ({ ...toOther(call), files: [] }));
    expect(await get()).toMatchObject(served);
  });

  it.each<[string, Call]>([
    ["a header of two lines", { format: "header", header: "X: 1\nAuthorization" }],
    ["a scheme of two lines", { format: "header", header_scheme: "Bearer\nX:" }],
    ["a format there is none of", { format: "__proto__" }],
    ["a file that is no text", { files: [[7, null]] }],
  ])("with %s is not believed", async (_what, changes) => {
    await forge((call) => ({ ...call, ...changes }));
    expect(await get()).toMatchObject(served);
  });

  it("does not decide where a token may go: --url is held against the profile there too", async () => {
    const url = `${base_url}/chat/completions`;
    await forge((call) => call, ["--url", url]);
    const text = readFileSync(snapshotFile(), "utf8");
    const evil = "https://evil.example/v1";
    writeFileSync(snapshotFile(), text.replaceAll(url, evil));
    expect(expectFailure(await get(["--url", evil]), 4).message).toContain("https://evil.example");
    writeFileSync(snapshotFile(), text.replaceAll(`\\"--url\\",\\"${url}\\"`, `\\"--url=${evil}\\"`));
    expectFailure(await get([`--url=${evil}`]), 4);
  });
});

describe("a models cache", () => {
  const models = async () => JSON.parse((await sandbox.run(["models", "--json"], { limit: LIMIT })).stdout);
  const path = () => join(cache(), readdirSync(cache()).find((each) => each.startsWith("models-")) ?? "none");
  const forgeModels = async (): Promise<void> => {
    expect(await models()).toEqual([{ id: "one-model" }]);
    writeFileSync(path(), readFileSync(path(), "utf8").replace("one-model", "forged"));
  };

  it("is what is shown, where it is this user's own", async () => {
    await forgeModels();
    expect(await models()).toEqual([{ id: "forged" }]);
  });

  it.each<[string, () => void]>([
    ["that others may write to", () => chmodSync(path(), 0o622)],
    ["that has a second name", () => linkSync(path(), join(sandbox.home, "second"))],
    [
      "that is a link",
      () => {
        const kept = path();
        renameSync(kept, join(sandbox.home, "elsewhere"));
        symlinkSync(join(sandbox.home, "elsewhere"), kept);
      },
    ],
    ...(process.getuid?.() === 0
      ? [["of another user", () => chownSync(path(), STRANGER, STRANGER)] as [string, () => void]]
      : []),
  ])("%s is not believed", async (_what, arrange) => {
    await forgeModels();
    arrange();
    expect(await models()).toEqual([{ id: "one-model" }]);
  });
});

/** What may lie in the place of a file and is none that can be read to its end. */
const NO_FILES: readonly (readonly [string, (path: string) => void])[] = [
  ["a FIFO", (path) => void execFileSync("mkfifo", ["-m", "600", path], { timeout: 5_000 })],
  ["a link to /dev/zero", (path) => symlinkSync("/dev/zero", path)],
  ["a dangling link", (path) => symlinkSync("nowhere", path)],
  ["a folder", (path) => mkdirSync(path)],
  [
    "a file of 6 GB",
    (path) => {
      writeFileSync(path, "", { mode: 0o600 });
      truncateSync(path, 6 * 1024 ** 3);
    },
  ],
];

describe.skipIf(process.platform === "win32").each(NO_FILES)("%s", (_what, make) => {
  it("as the snapshot costs nobody the token", async () => {
    mkdirSync(cache(), { recursive: true, mode: 0o700 });
    make(snapshotFile());
    expect(await get()).toMatchObject(served);
    expect(await get()).toMatchObject(served);
  });

  it("as the models cache costs nobody the models", async () => {
    const models = { code: 0, stdout: '[{"id":"one-model"}]\n' };
    const ask = () => sandbox.run(["models", "--json"], { limit: LIMIT });
    expect(await ask()).toMatchObject(models);
    const name = readdirSync(cache()).find((each) => each.startsWith("models-")) ?? "none";
    rmSync(join(cache(), name));
    make(join(cache(), name));
    expect(await ask()).toMatchObject(models);
  });

  it("as the stored token is told at once: exit 6", async () => {
    sandbox.configure({ profiles: { own: { flow: "static_key", key: "{keyring}" } } });
    expect(await sandbox.run(["login"], { input: `${KEY}\n` })).toMatchObject({ code: 0 });
    const tokens = join(sandbox.home, "data", "oidc-token", "tokens");
    const [name = ""] = readdirSync(tokens);
    rmSync(join(tokens, name));
    make(join(tokens, name));
    const outcome = await get();
    expect(expectFailure(outcome, 6).message).toContain(name);
    expect(outcome.took).toBeLessThan(LIMIT);
  });

  it("as ca_file is told at once: exit 4", async () => {
    const path = join(sandbox.home, "ca.pem");
    make(path);
    const client = { issuer: "https://127.0.0.1:9", flow: "client_credentials", client_id: "x" };
    sandbox.configure({ profiles: { ci: { ...client, client_secret: "{env:LLM_API_KEY}", ca_file: path } } });
    expect(expectFailure(await get(), 4).message).toContain("ca_file");
  });

  it("as the file with the key is told at once: exit 4, on the hot path as well", async () => {
    const path = join(sandbox.home, "key");
    writeFileSync(path, `${KEY}\n`, { mode: 0o600 });
    sandbox.configure({ profiles: { ci: { flow: "static_key", key: `{file:${path}}` } } });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await get()).toMatchObject(served);
    expect(statSync(snapshotFile()).isFile()).toBe(true);
    rmSync(path);
    make(path);
    expectFailure(await get(), 4);
  });
});
