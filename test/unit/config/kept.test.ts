import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openConfig } from "../../../src/config/kept/open.js";
import type * as load from "../../../src/config/load.js";
import type { Environment } from "../../../src/paths.js";

const ISSUER = "https://idp.example.test";
let home: string;
let kept: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "oidc-token-kept-"));
  mkdirSync(join(home, "config"));
  mkdirSync(join(home, "work"));
  file = join(home, "config", "config.jsonc");
  kept = join(home, "cache", "configuration.json");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const profile = (changes: object = {}) => ({ issuer: ISSUER, client_id: "cli", ...changes });

/** Writes the file as if that were a while ago. */
function configure(profiles: object, rest: object = {}): void {
  writeFileSync(file, JSON.stringify({ profiles, ...rest }), { mode: 0o600 });
  const before = Date.now() / 1000 - 60;
  utimesSync(file, before, before);
}

/** Opens it after the tick in which a change goes unnoticed. */
async function open(env: Environment = {}, choice: load.ConfigChoice = {}) {
  await new Promise((resolve) => setTimeout(resolve, 30));
  const paths = {
    home,
    ...{ config: join(home, "config"), data: join(home, "data") },
    ...{ cache: join(home, "cache"), log: join(home, "state") },
  };
  return await openConfig({ env, cwd: join(home, "work"), paths, stderr: process.stderr }, choice);
}

/** Whether what was kept is believed, which only it can say: a mark that no file has. */
async function isBelieved(env: Environment = {}, choice: load.ConfigChoice = {}): Promise<boolean> {
  const text = readFileSync(kept, "utf8");
  writeFileSync(kept, text.replaceAll('"client_id":"cli"', '"client_id":"from-cache"'), { mode: 0o600 });
  try {
    return (await open(env, choice)).profile().client_id === "from-cache";
  } finally {
    writeFileSync(kept, text, { mode: 0o600 });
  }
}

it("gives the next call the same, without reading the file", async () => {
  configure({ work: profile({ scope: "openid" }), other: profile() }, { default_profile: "work" });
  const first = await open();
  const next = await open();
  expect(await isBelieved()).toBe(true);
  expect(next.profile()).toEqual(first.profile());
  expect(next.profile("other")).toEqual(first.profile("other"));
  const { path, files, names, store, selected } = first;
  expect(next).toMatchObject({ path, files, names, store, selected });
});

it("gives a profile that is named, and the error where there is none of that name", async () => {
  configure({ work: profile(), other: profile() }, { default_profile: "work" });
  await open();
  expect(await isBelieved({}, { profile: "other" })).toBe(true);
  expect((await open({}, { profile: "other" })).profile()).toMatchObject({
    name: "other",
    is_default: false,
  });
  const wrong = await open({}, { profile: "othr" });
  expect(() => wrong.profile()).toThrow('profile "othr" (from --profile) is not defined');
});

it.each<[string, () => void]>([
  ["the file has changed", () => writeFileSync(file, JSON.stringify({ profiles: { work: profile() } }))],
  ["a project's file has appeared", () => writeFileSync(join(home, "work", ".oidc-token.jsonc"), "{}")],
  ["one has appeared in a folder above", () => writeFileSync(join(home, ".oidc-token.jsonc"), "{}")],
  ["others may write what was kept", () => chmodSync(kept, 0o666)],
  [
    "another version kept it",
    () =>
      writeFileSync(kept, readFileSync(kept, "utf8").replace(/"version":"[^"]*"/, '"version":"0"'), {
        mode: 0o600,
      }),
  ],
])("is read anew where %s", async (_, change) => {
  configure({ work: profile() });
  await open();
  expect(await isBelieved()).toBe(true);
  change();
  expect(await isBelieved()).toBe(false);
});

it.each<[string, Environment]>([
  ["a variable overrides a key", { OIDC_TOKEN_SCOPE: "openid" }],
  ["a variable names another file", { OIDC_TOKEN_CONFIG: "~/config/config.jsonc" }],
  ["a variable chooses another store", { OIDC_TOKEN_STORE: "file" }],
  ["a variable chooses a profile", { OIDC_TOKEN_PROFILE: "work" }],
])("is read anew where %s", async (_, env) => {
  configure({ work: profile() });
  await open();
  expect(await isBelieved(env)).toBe(false);
});

it.each<[string, object, object?]>([
  ["a secret stands in it", profile({ client_secret: "plain-secret" })],
  ["a program is named that gives a token", { ...profile(), subject_token: "{command:vault read}" }],
  ["a proxy has a password", profile({ proxy: "http://user:pass-word@proxy.example:3128" })],
  ["parameters may be secret", profile({ token_params: { password: "plain-secret" } })],
])("is kept nowhere else where %s", async (_, values) => {
  configure({ work: values });
  const config = await open();
  expect(config.names).toEqual(["work"]);
  expect(() => readFileSync(kept, "utf8")).toThrow("ENOENT");
});

it("is not kept where a profile is wrong, which is told each time", async () => {
  configure({ work: profile(), wrong: { client_id: "x" } }, { default_profile: "work" });
  await open();
  expect(() => readFileSync(kept, "utf8")).toThrow("ENOENT");
});

it.each(["", "{", "null", "[]", '{"kept":null}', '{"version":"0.1.0","kept":{"x":{}}}'])(
  "is read where what was kept is %j",
  async (text) => {
    configure({ work: profile() });
    await open();
    writeFileSync(kept, text, { mode: 0o600 });
    expect((await open()).profile().client_id).toBe("cli");
  },
);
