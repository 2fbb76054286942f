import { fork } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { version } from "../../../package.json";
import { readSnapshot, type Snapshot, snapshotKey, writeSnapshot } from "../../../src/hot/snapshot.js";

const KEY = '[["get"],[],"/work","/home/me/.config/oidc-token"]';
const facts: Omit<Snapshot, "files"> = {
  account: "okta.1a2b3c",
  store: "auto",
  format: "token",
  header: "Authorization",
  header_scheme: "Bearer",
  id_token: false,
  refresh_before: 300,
  unattended: false,
  allowed_origins: ["https://llm.example.test"],
};

let home: string;
let cache: string;
let config: string;
let project: string;
let kept: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "oidc-token-snapshot-"));
  cache = join(home, "cache", "oidc-token");
  config = join(home, "config.jsonc");
  project = join(home, ".oidc-token.jsonc");
  kept = join(cache, "get.json");
  writeFileSync(config, '{ "profiles": {} }');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const later = () => Date.now() + 60_000;
/** Keeps a snapshot as a call does that began to read long after the files were last written. */
const keep = (changes: Partial<Omit<Snapshot, "files">> = {}, key = KEY) =>
  writeSnapshot(cache, key, [config, project], later(), { ...facts, ...changes });
const read = (key = KEY) => readSnapshot(cache, key);

describe("a snapshot", () => {
  it("gives the next call what was kept", () => {
    keep();
    expect(read()).toMatchObject(facts);
  });

  it("is kept per command line, each beside the others", () => {
    keep({ account: "one" }, "one");
    keep({ account: "two" }, "two");
    expect(read("one")?.account).toBe("one");
    expect(read("two")?.account).toBe("two");
    expect(read("three")).toBeUndefined();
  });

  it("takes the place of the one before it", () => {
    keep({ header: "x-old" });
    keep({ header: "x-new" });
    expect(read()?.header).toBe("x-new");
  });

  it("makes room by giving up the oldest, so that the file stays small", () => {
    for (let call = 0; call < 40; call += 1) keep({}, `call ${call}`);
    expect(read("call 39")).toBeDefined();
    expect(read("call 0")).toBeUndefined();
    expect(statSync(kept).size).toBeLessThan(20_000);
  });

  it.skipIf(process.platform === "win32")("lies in a file for this user alone", () => {
    keep();
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
  });
});

it("is kept where a folder above may not be searched, which no project file can be read from", () => {
  const circle = join(home, "circle");
  symlinkSync("circle", circle);
  writeSnapshot(cache, KEY, [config, join(circle, ".oidc-token.jsonc")], later(), facts);
  expect(read()).toBeDefined();
  rmSync(circle);
  mkdirSync(circle);
  writeFileSync(join(circle, ".oidc-token.jsonc"), "{}");
  expect(read()).toBeUndefined();
});

describe("a snapshot is no longer believed once a file it came from", () => {
  beforeEach(() => {
    keep();
    expect(read()).toBeDefined();
  });

  it.each<[string, () => void]>([
    ["is edited", () => writeFileSync(config, '{ "profiles": { "a": {} } }')],
    [
      "is edited to the same size and given back its old date",
      () => {
        const { atime, mtime } = statSync(config);
        writeFileSync(config, '{ "profileS": {} }');
        utimesSync(config, atime, mtime);
      },
    ],
    [
      "is replaced by another one with the same text",
      () => {
        const text = readFileSync(config);
        writeFileSync(`${config}.new`, text);
        renameSync(`${config}.new`, config);
      },
    ],
    ["is removed", () => rmSync(config)],
    ["that was absent appears", () => writeFileSync(project, "{}")],
    [
      "becomes a link to another",
      () => {
        writeFileSync(join(home, "other"), "{}");
        rmSync(config);
        symlinkSync(join(home, "other"), config);
      },
    ],
    [
      "becomes a folder",
      () => {
        rmSync(config);
        mkdirSync(config);
      },
    ],
  ])("%s", (_what, change) => {
    change();
    expect(read()).toBeUndefined();
  });

  it("is edited behind a link, as those are who keep their configuration in a repository", () => {
    const target = join(home, "dotfiles.jsonc");
    renameSync(config, target);
    symlinkSync(target, config);
    keep();
    expect(read()).toBeDefined();
    writeFileSync(target, "{}");
    expect(read()).toBeUndefined();
  });

  it("and is believed anew once it has been read anew", () => {
    writeFileSync(config, "{}");
    keep();
    expect(read()).toBeDefined();
  });
});

describe("a snapshot is not kept", () => {
  it("of a file that has changed since it was read: what was read may be what stood there before", () => {
    const read_at = Date.now();
    writeFileSync(config, "changed while it was being read");
    writeSnapshot(cache, KEY, [config], read_at, facts);
    expect(read()).toBeUndefined();
  });

  it("of a file that appeared after it was looked for", () => {
    const read_at = Date.now();
    writeFileSync(project, "{}");
    writeSnapshot(cache, KEY, [config, project], read_at, facts);
    expect(read()).toBeUndefined();
  });

  it.each<[string, () => void]>([
    ["the folder cannot be made", () => writeFileSync(join(home, "cache"), "")],
    ["there is a folder in the file's place", () => mkdirSync(kept, { recursive: true })],
  ])("where %s, and that is no error", (_what, arrange) => {
    arrange();
    expect(() => keep()).not.toThrow();
    expect(read()).toBeUndefined();
  });

  it("leaves nothing behind where it fails", () => {
    mkdirSync(kept, { recursive: true });
    keep();
    expect(readdirSync(cache)).toEqual(["get.json"]);
  });
});

describe("a damaged file", () => {
  it.each([
    ["that is empty", ""],
    ["that is cut off", '{"version":version,"entries":{"['],
    ["that is no object", "null"],
    ["that is a list", "[]"],
    ["with no entries", JSON.stringify({ version })],
    ["whose entries are null", JSON.stringify({ version, entries: null })],
    ["whose entries are text", JSON.stringify({ version, entries: "x" })],
    ["with a call that is null", JSON.stringify({ version, entries: { [KEY]: null } })],
    ["with a call without files", JSON.stringify({ version, entries: { [KEY]: facts } })],
    ["of another version", JSON.stringify({ version: "0.0.1", entries: { [KEY]: { files: [], ...facts } } })],
  ])("%s is not believed, and mended by the next call", (_what, text) => {
    mkdirSync(cache, { recursive: true });
    writeFileSync(kept, text);
    expect(read()).toBeUndefined();
    keep();
    expect(read()).toMatchObject(facts);
  });

  it("and one half written by a process that was killed stands in nobody's way", () => {
    mkdirSync(cache, { recursive: true });
    const half = `${kept}.1-a.tmp`;
    writeFileSync(half, "half");
    keep();
    expect(read()).toBeDefined();
    utimesSync(half, 0, 0);
    keep();
    expect(read()).toBeDefined();
    expect(readdirSync(cache)).toEqual(["get.json"]);
  });

  it("that is a second name of something else does not change it", () => {
    const precious = join(home, "precious");
    writeFileSync(precious, "precious");
    mkdirSync(cache, { recursive: true });
    linkSync(precious, kept);
    keep();
    expect(readFileSync(precious, "utf8")).toBe("precious");
  });
});

describe("many writers at once", () => {
  it("never leave an unreadable file, nor anything beside it", async () => {
    const snapshot = join(home, "snapshot.mjs");
    buildSync({ entryPoints: [SNAPSHOT], bundle: true, platform: "node", format: "esm", outfile: snapshot });
    const script = join(home, "writer.mjs");
    writeFileSync(
      script,
      `import { readFileSync } from "node:fs";
       import { writeSnapshot } from "./snapshot.mjs";
       const [, , cache, config, name] = process.argv;
       for (let i = 0; i < 100; i += 1) {
         writeSnapshot(cache, name + (i % 4), [config], Date.now() + 60000, ${JSON.stringify(facts)});
         JSON.parse(readFileSync(cache + "/get.json", "utf8"));
       }`,
    );
    const writers = ["a", "b", "c", "d"].map(
      (name) =>
        new Promise<number | null>((resolve, reject) => {
          const child = fork(script, [cache, config, name], { execArgv: [], timeout: 15_000 });
          child.once("error", reject).once("exit", resolve);
        }),
    );
    expect(await Promise.all(writers)).toEqual([0, 0, 0, 0]);
    expect(readdirSync(cache)).toEqual(["get.json"]);
    const { entries } = JSON.parse(readFileSync(kept, "utf8"));
    for (const name of Object.keys(entries)) expect(read(name)).toMatchObject(facts);
    expect(Object.keys(entries)).not.toEqual([]);
  });
});

const SNAPSHOT = fileURLToPath(new URL("../../../src/hot/snapshot.ts", import.meta.url));

describe("the key of a snapshot", () => {
  const keyOf = (env: Record<string, string> = {}, argv = ["get"], cwd = "/work", dir = "/config") =>
    snapshotKey(argv, env, cwd, dir);

  it.each<[string, string | undefined]>([
    ["another command line", keyOf({}, ["get", "-p", "okta"])],
    ["another folder, whose project file may select another profile", keyOf({}, ["get"], "/elsewhere")],
    ["another configuration folder", keyOf({}, ["get"], "/work", "/elsewhere")],
    ["another OIDC_TOKEN_PROFILE", keyOf({ OIDC_TOKEN_PROFILE: "okta" })],
    ["another OIDC_TOKEN_CONFIG", keyOf({ OIDC_TOKEN_CONFIG: "/x.jsonc" })],
    ["another OIDC_TOKEN_STORE", keyOf({ OIDC_TOKEN_STORE: "file" })],
    ["a log level, which the hot path would not write", keyOf({ OIDC_TOKEN_LOG: "debug" })],
  ])("differs with %s", (_what, key) => {
    expect(key).toBeDefined();
    expect(key).not.toBe(keyOf());
  });

  it("cannot be made the same by moving words from one argument to another", () => {
    expect(keyOf({}, ["get", "a b"])).not.toBe(keyOf({}, ["get", "a", "b"]));
    expect(keyOf({}, ["get", 'a","b'])).not.toBe(keyOf({}, ["get", "a", "b"]));
  });

  it("is the same whatever the order of the variables and whatever others there are", () => {
    const one = keyOf({ OIDC_TOKEN_PROFILE: "a", PATH: "/bin", OIDC_TOKEN_STORE: "file" });
    expect(keyOf({ OIDC_TOKEN_STORE: "file", OIDC_TOKEN_PROFILE: "a", OIDC_TOKEN_KEY: "" })).toBe(one);
  });

  it.each(["OIDC_TOKEN_CLIENT_SECRET", "OIDC_TOKEN_KEY", "OIDC_TOKEN_ISSUER", "Oidc_Token_Client_Id"])(
    "does not exist where %s overrides the profile, so that its value is never written",
    (name) => {
      expect(keyOf({ [name]: "CANARY" })).toBeUndefined();
    },
  );
});
