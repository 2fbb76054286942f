import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { startProvider, type TestProvider } from "../support/provider.js";
import { browserProfile, signIn } from "../support/signed-in.js";

let provider: TestProvider;
let sandbox: Sandbox;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.stop());
beforeEach(async () => {
  sandbox = new Sandbox();
  sandbox.configure({ profiles: { acme: browserProfile(provider) } });
  expect(await signIn(sandbox)).toMatchObject({ code: 0 });
});
afterEach(async () => {
  await provider.fault(undefined);
  sandbox.dispose();
});

const DOCUMENT = "/.well-known/openid-configuration";

/** The requests of a refresh that ends with this code, by path. */
async function requests(code = 0): Promise<Record<string, number>> {
  const before = { ...provider.counts };
  const outcome = await sandbox.run(["refresh"]);
  expect(outcome).toMatchObject({ code });
  const paths = Object.keys(provider.counts).filter((path) => path.startsWith("/"));
  const made = paths.map((path) => [path, (provider.counts[path] ?? 0) - (before[path] ?? 0)] as const);
  return Object.fromEntries(made.filter(([, count]) => count > 0));
}

const kept = (): string => {
  const folder = join(sandbox.home, "cache", "oidc-token");
  const [name = "", ...more] = readdirSync(folder).filter((file) => file.startsWith("document-"));
  expect(more).toEqual([]);
  return join(folder, name);
};
const change = (values: (kept: { asked_at: number; body: object }) => object): void => {
  writeFileSync(kept(), JSON.stringify(values(JSON.parse(readFileSync(kept(), "utf8")))));
};

it("a refresh is one request, and what is kept for that is public", async () => {
  expect(await requests()).toEqual({ "/token": 1 });
  expect(JSON.parse(readFileSync(kept(), "utf8"))).toMatchObject({
    address: provider.issuer + DOCUMENT,
    status: 200,
    body: { issuer: provider.issuer, token_endpoint: `${provider.issuer}/token` },
  });
});

it.each<[string, () => void]>([
  ["a day old", () => change((was) => ({ ...was, asked_at: was.asked_at - 86_400 }))],
  ["of tomorrow", () => change((was) => ({ ...was, asked_at: was.asked_at + 3600 }))],
  ["damaged", () => writeFileSync(kept(), "{")],
  ["of another address", () => change((was) => ({ ...was, address: "https://elsewhere.example/" }))],
  ["a status without a document", () => change((was) => ({ ...was, status: 500 }))],
])("a document that is %s is asked for anew", async (_, spoil) => {
  spoil();
  expect(await requests()).toEqual({ [DOCUMENT]: 1, "/token": 1 });
  expect(await requests()).toEqual({ "/token": 1 });
});

it.skipIf(process.platform === "win32")(
  "a document that others may have written is asked for anew",
  async () => {
    chmodSync(kept(), 0o666);
    expect(await requests()).toEqual({ [DOCUMENT]: 1, "/token": 1 });
  },
);

it("a document of another issuer is not believed, and the next call asks", async () => {
  change((was) => ({ ...was, body: { ...was.body, issuer: "https://elsewhere.example" } }));
  expect(await requests(4)).toEqual({});
  expect(await requests()).toEqual({ [DOCUMENT]: 1, "/token": 1 });
});

it("an address that leads nowhere any more is found out in the same call", async () => {
  change((was) => ({ ...was, body: { ...was.body, token_endpoint: `${provider.issuer}/former` } }));
  expect(await requests()).toEqual({ "/former": 1, [DOCUMENT]: 1, "/token": 1 });
});

it("the provider is asked anew after it has refused, or was out of order", async () => {
  await provider.fault({ kind: "answer", status: 503, body: "", path: "/token" });
  expect(await requests(5)).toEqual({ "/token": 1 });
  await provider.fault(undefined);
  expect(await requests()).toEqual({ [DOCUMENT]: 1, "/token": 1 });
});

it("a document is not taken over where the way to the provider has changed", async () => {
  const before = provider.counts[DOCUMENT] ?? 0;
  const env = { NODE_EXTRA_CA_CERTS: join(sandbox.home, "none.pem") };
  expect(await sandbox.run(["refresh"], { env })).toMatchObject({ code: 0 });
  expect(provider.counts[DOCUMENT]).toBe(before + 1);
});

it("a cache that can't be written costs a request and no token", async () => {
  const outcome = await sandbox.run(["refresh"], { env: { XDG_CACHE_HOME: "/proc/none" } });
  expect(outcome).toMatchObject({ code: 0 });
  expectFailure(await sandbox.run(["get", "-p", "none"]), 4);
});
