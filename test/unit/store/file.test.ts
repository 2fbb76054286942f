import { execFileSync } from "node:child_process";
import fs, {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OidcTokenError } from "../../../src/errors.js";
import { overwriteFile } from "../../../src/files/replace.js";
import { FileStore } from "../../../src/store/file.js";

const posix = describe.skipIf(process.platform === "win32");

let home: string;
let folder: string;
let store: FileStore;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "oidc-token-file-"));
  folder = join(home, "data", "tokens");
  store = new FileStore(folder);
});
afterEach(() => rmSync(home, { recursive: true }));

const path = () => join(folder, "work.json");

async function failure(action: Promise<unknown>): Promise<OidcTokenError> {
  const error = await action.then(
    () => expect.fail("should have failed"),
    (reason: OidcTokenError) => reason,
  );
  expect(error).toBeInstanceOf(OidcTokenError);
  expect(error).toMatchObject({ kind: "store" });
  expect(error.hint).not.toBe("");
  expect(error.message).not.toContain("SECRET");
  return error;
}

describe("the file store", () => {
  test("keeps, replaces and forgets a text", async () => {
    expect(await store.get("work")).toBeUndefined();
    expect(await store.delete("work")).toBe(false);
    await store.set("work", "one");
    await store.set("work", `two\nünïcode ${"x".repeat(100_000)}`);
    expect(await new FileStore(folder).get("work")).toBe(`two\nünïcode ${"x".repeat(100_000)}`);
    expect(await store.delete("work")).toBe(true);
    expect(await store.get("work")).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("keeps accounts apart on every file system, and inside its folder", async () => {
    const accounts = [
      "work",
      "Work",
      "WORK",
      "../work",
      "a/b",
      "a\\b",
      "..",
      ".",
      ".hidden",
      "é",
      "a b:c*?",
      "%57ork",
    ];
    for (const account of accounts) await store.set(account, account);
    for (const account of accounts) expect(await store.get(account)).toBe(account);
    const names = readdirSync(folder);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(accounts.length);
    expect(readdirSync(join(home, "data"))).toEqual(["tokens"]);
  });

  test("lets a reader see the old text or the new, whatever the moment", async () => {
    await store.set("work", "a".repeat(200_000));
    const script = `
      const { openSync, readFileSync, closeSync } = require("node:fs");
      let bad = 0;
      for (const end = Date.now() + 1500; Date.now() < end; ) {
        const text = readFileSync(process.argv[1], "utf8");
        if (!/^(a{200000}|b{200000})$/.test(text)) bad++;
      }
      console.log(bad);`;
    const { spawn } = await import("node:child_process");
    const reader = spawn(process.execPath, ["-e", script, path()], { timeout: 15_000 });
    let output = "";
    reader.stdout.on("data", (text) => {
      output += text;
    });
    let done = false;
    const ended = new Promise((resolve) => reader.on("exit", resolve)).then(() => {
      done = true;
    });
    for (let round = 0; !done; round++) {
      await store.set("work", (round % 2 ? "a" : "b").repeat(200_000));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await ended;
    expect(output).toBe("0\n");
  });

  test("clears away what a killed writer left, but not what a writer is at", async () => {
    await store.set("work", "one");
    const old = join(folder, "other.json.1-a.tmp");
    const fresh = join(folder, "other.json.2-b.tmp");
    for (const temporary of [old, fresh]) writeFileSync(temporary, "SECRET", { mode: 0o600 });
    const before = Date.now() / 1000 - 61;
    utimesSync(old, before, before);
    await store.set("work", "two");
    expect(readdirSync(folder).sort()).toEqual(["other.json.2-b.tmp", "work.json"]);
  });

  test("forgets an account's temporary files with the account", async () => {
    await store.set("work", "one");
    writeFileSync(join(folder, "work.json.1-a.tmp"), "SECRET");
    writeFileSync(join(folder, "work2.json.1-a.tmp"), "SECRET");
    await store.delete("work");
    expect(readdirSync(folder)).toEqual(["work2.json.1-a.tmp"]);
  });
});

posix("the file store's protection", () => {
  test("makes folder and file for this user only, whatever the umask", async () => {
    for (const mask of [0, 0o077, 0o177]) {
      const old = process.umask(mask);
      try {
        await store.set("work", "one");
      } finally {
        process.umask(old);
      }
      expect(statSync(folder).mode & 0o777 & 0o077).toBe(0);
      expect(statSync(path()).mode & 0o777).toBe(0o600);
    }
  });

  test("refuses a link in place of the file, and replaces it without following it", async () => {
    const target = join(home, "target");
    writeFileSync(target, "SECRET", { mode: 0o600 });
    await store.set("other", "x");
    symlinkSync(target, path());
    expect((await failure(store.get("work"))).message).toBe(`${path()} is a link`);
    await store.set("work", "new");
    expect(readFileSync(target, "utf8")).toBe("SECRET");
    expect(await store.get("work")).toBe("new");
  });

  test("refuses a link in place of the folder", async () => {
    const elsewhere = join(home, "elsewhere");
    mkdirSync(elsewhere, { mode: 0o700 });
    mkdirSync(join(home, "data"));
    symlinkSync(elsewhere, folder);
    for (const action of [store.get("work"), store.set("work", "SECRET"), store.delete("work")]) {
      expect((await failure(action)).message).toBe(`${folder} is a link`);
    }
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test.each([0o770, 0o707, 0o777])("refuses a folder of mode %o", async (mode) => {
    await store.set("work", "one");
    chmodSync(folder, mode);
    for (const action of [store.get("work"), store.set("work", "SECRET"), store.delete("work")]) {
      const error = await failure(action);
      expect(error.message).toBe(`${folder} can be written to by other users`);
      expect(error.hint).toContain(`chmod 700 ${folder}`);
    }
  });

  test.each([0o640, 0o604, 0o660])("refuses a file of mode %o", async (mode) => {
    await store.set("work", "one");
    chmodSync(path(), mode);
    const error = await failure(store.get("work"));
    expect(error.message).toBe(`${path()} can be read by other users`);
    expect(error.hint).toContain(`chmod 600 ${path()}`);
    await store.set("work", "two");
    expect(await store.get("work")).toBe("two");
  });

  test("refuses a folder and a file of another owner", async () => {
    await store.set("work", "one");
    const stranger = new FileStore(folder, 4_242);
    expect((await failure(stranger.get("work"))).message).toBe(`${folder} belongs to another user`);
    expect((await failure(stranger.set("work", "SECRET"))).message).toBe(`${folder} belongs to another user`);
  });

  test.skipIf(process.getuid?.() !== 0)("refuses another owner's file in its own folder", async () => {
    const { chownSync } = await import("node:fs");
    await store.set("work", "one");
    chownSync(path(), 4_242, 4_242);
    expect((await failure(store.get("work"))).message).toBe(`${path()} belongs to another user`);
  });

  test("refuses a FIFO at once, instead of waiting for its writer", async () => {
    await store.set("other", "x");
    execFileSync("mkfifo", ["-m", "600", path()]);
    expect((await failure(store.get("work"))).message).toBe(`${path()} is not a regular file`);
  });
});

describe("the file store's errors", () => {
  test("name a folder in the file's place", async () => {
    await store.set("other", "x");
    mkdirSync(path());
    for (const action of [store.get("work"), store.set("work", "SECRET"), store.delete("work")]) {
      expect((await failure(action)).message).toContain(path());
    }
    expect(readdirSync(folder).sort()).toEqual(["other.json", "work.json"]);
  });

  test("name a file in the folder's place, and in its parent's", async () => {
    mkdirSync(join(home, "data"));
    writeFileSync(folder, "");
    expect((await failure(store.set("work", "SECRET"))).message).toBe(`${folder} is not a folder`);
    expect((await failure(store.get("work"))).message).toBe(`${folder} is not a folder`);
    rmSync(join(home, "data"), { recursive: true });
    writeFileSync(join(home, "data"), "");
    expect((await failure(store.set("work", "SECRET"))).message).toContain(folder);
  });

  test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
    "name what may not be written",
    async () => {
      await store.set("work", "one");
      chmodSync(folder, 0o500);
      const error = await failure(store.set("work", "SECRET"));
      expect(error.message).toContain(`cannot write ${path()}: permission denied`);
      expect(await store.get("work")).toBe("one");
      chmodSync(folder, 0o700);
    },
  );

  test.skipIf(!existsSync("/dev/full") || !existsSync("/proc/self/status"))(
    "name a read-only place",
    async () => {
      const error = await failure(new FileStore("/proc/oidc-token-tokens").set("work", "SECRET"));
      expect(error.message).toContain("/proc/oidc-token-tokens");
    },
  );

  test("name a path that is too long", async () => {
    const error = await failure(store.set("x".repeat(300), "SECRET"));
    expect(error.message).toContain("(ENAMETOOLONG)");
    expect(await store.get("x".repeat(300)).catch((e) => e.kind)).toBe("store");
  });

  test("keeps a text that can be read where the disk refuses to shorten a file", async () => {
    const { ftruncateSync } = fs;
    fs.ftruncateSync = () => {
      throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    };
    syncBuiltinESMExports();
    try {
      await store.reserve("work", 5_000);
      await store.set("work", '{"a":1}');
      expect(JSON.parse((await store.get("work")) ?? "")).toEqual({ a: 1 });
      overwriteFile(join(folder, "work.json"), '{"b":2}');
      expect(JSON.parse((await store.get("work")) ?? "")).toEqual({ b: 2 });
    } finally {
      fs.ftruncateSync = ftruncateSync;
      syncBuiltinESMExports();
    }
  });
});
